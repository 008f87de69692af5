/** What `fetchOutside` sends and returns: requests, redirects, encodings and TLS, against real servers on this machine. */
import { createServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createOutsideFetch } from './create-outside-fetch.ts'
import { fetchOutside } from './fetch-outside.ts'
import { readOutsideAllow } from './outside-allow.ts'
import { certificate, certificateKey } from './testing/certificate.fixture.ts'
import { failureOf, listen, listenHttp, policyOf } from './testing/listen.fixture.ts'

const names = { 'a.test': ['127.0.0.1'], 'b.test': ['127.0.0.1'], 'outside.test': ['127.0.0.1'], 'both.test': ['::1', '127.0.0.1'] }
const policy = policyOf(readOutsideAllow('127.0.0.1 ::1'), names)
const secrets = {
  Authorization: 'Bearer hunter2',
  Cookie: 'hunter2',
  'X-Api-Key': 'hunter2',
  Accept: 'text/plain',
  'Content-Type': 'text/plain',
}

/** A server that answers with the request it got; `/to?status=…&location=…` redirects. */
async function startEcho() {
  return listenHttp(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://echo')
    const location = url.searchParams.get('location')
    if (location !== null) return void response.writeHead(Number(url.searchParams.get('status')), { location }).end('moved')
    response.end(JSON.stringify({ method: request.method, path: request.url, headers: request.headers, body: await text(request) }))
  })
}

const read = (answer: { body: Uint8Array }) => JSON.parse(Buffer.from(answer.body).toString())
const to = (status: number, location: string) => `/to?${new URLSearchParams({ status: String(status), location })}`

test('sends method, path, headers and body, and returns the answer', async () => {
  const port = await startEcho()
  const url = `http://a.test:${port}/path?q=%20#part`
  const answer = await fetchOutside(
    { url, method: 'put', headers: { ...secrets, Host: 'evil', 'Content-Length': '999', Connection: 'keep-alive' }, body: 'grüße' },
    policy,
  )
  const { method, path, headers, body } = read(answer)
  expect([answer.status, answer.url, method, path, body]).toEqual([200, url, 'PUT', '/path?q=%20', 'grüße'])
  expect(headers).toMatchObject({
    host: `a.test:${port}`,
    'content-length': '7',
    connection: 'close',
    authorization: 'Bearer hunter2',
    'x-api-key': 'hunter2',
  })
})

test('changes method and body on a redirect as the Fetch standard says', async () => {
  const port = await startEcho()
  const follow = async (status: number, method: string) => {
    const body = method === 'GET' || method === 'HEAD' ? {} : { body: 'text' }
    const answer = read(
      await fetchOutside({ url: `http://a.test:${port}${to(status, '/end')}`, method, headers: secrets, ...body }, policy),
    )
    return [answer.method, answer.body, answer.headers['content-type'], answer.headers.authorization].join()
  }
  const kept = (method: string) => `${method},text,text/plain,Bearer hunter2`
  for (const status of [301, 302])
    expect(await Promise.all([follow(status, 'POST'), follow(status, 'PUT')])).toEqual(['GET,,,Bearer hunter2', kept('PUT')])
  expect(await Promise.all([follow(303, 'POST'), follow(303, 'DELETE'), follow(303, 'GET')])).toEqual([
    'GET,,,Bearer hunter2',
    'GET,,,Bearer hunter2',
    'GET,,text/plain,Bearer hunter2',
  ])
  for (const status of [307, 308])
    expect(await Promise.all([follow(status, 'POST'), follow(status, 'PATCH')])).toEqual([kept('POST'), kept('PATCH')])
})

test('sends no credentials to another origin, nor to the first one after a redirect back', async () => {
  const port = await startEcho()
  const other = await startEcho()
  const redirects = [
    to(307, `http://b.test:${port}/end`),
    to(307, `http://a.test:${other}/end`),
    to(302, `http://b.test:${port}${to(302, `http://a.test:${port}/end`)}`),
  ]
  for (const redirect of redirects) {
    const answer = read(await fetchOutside({ url: `http://a.test:${port}${redirect}`, headers: secrets }, policy))
    expect(answer.headers).toMatchObject({ accept: 'text/plain' })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  }
})

test('follows five redirects and rejects a sixth; a caller can disable redirects', async () => {
  const port = await startEcho()
  const chain = (length: number): string => (length === 0 ? '/end' : to(302, chain(length - 1)))
  expect((await fetchOutside({ url: `http://a.test:${port}${chain(5)}` }, policy)).url).toBe(`http://a.test:${port}/end`)
  const url = `http://a.test:${port}${chain(6)}`
  expect((await failureOf(fetchOutside({ url }, policy))).message).toBe('a.test redirects more than 5 times')
  expect((await failureOf(fetchOutside({ url, redirect: 'error' }, policy))).reason).toBe('redirect')
  const manual = await fetchOutside({ url, redirect: 'manual' }, policy)
  expect([manual.status, Buffer.from(manual.body).toString()]).toEqual([302, 'moved'])
})

test('decodes bodies and removes the headers that describe the encoded body', async () => {
  const packed = { gzip: gzipSync('hello'), br: brotliCompressSync('hello'), deflate: deflateSync('hello'), identity: Buffer.from('hello') }
  const port = await listenHttp((request, response) => {
    const coding = (request.url ?? '').slice(1) as keyof typeof packed
    response
      .writeHead(200, { 'content-encoding': coding, 'content-length': packed[coding].length, 'set-cookie': ['a=1', 'b=2'] })
      .end(packed[coding])
  })
  for (const coding of Object.keys(packed)) {
    const url = `http://a.test:${port}/${coding}`
    const { headers, body } = await fetchOutside({ url }, policy)
    expect([Buffer.from(body).toString(), headers.get('content-encoding'), headers.getSetCookie()]).toEqual(['hello', null, ['a=1', 'b=2']])
    const none = await fetchOutside({ url, method: 'HEAD' }, policy)
    expect([none.body.length, none.headers.get('content-encoding')]).toEqual([0, coding])
  }
})

test('rejects an invalid request with an error that contains none of its values', async () => {
  const url = 'http://a.test/'
  const wrong = [
    { url, method: 'CONNECT' },
    { url, method: 'TRACE' },
    { url, method: 'GET / HTTP/1.1\r\nx: hunter2' },
    { url, headers: { 'x-key': 'hunter2\r\nx: y' } },
    { url, headers: { 'x-key': 'hunter2\u0100' } },
    { url, headers: { 'x key': 'hunter2' } },
    { url, body: 'hunter2' },
    { url, method: 'POST', body: 'hunter2'.repeat(2_000_000) },
    { url, headers: { 'x-key': 'hunter2'.repeat(10_000) } },
    { url: `http://a.test/${'hunter2'.repeat(2_000)}` },
    { url: 'http://name:hunter2@a.test/' },
    { url: 'http://hunter2:x:y/' },
  ]
  for (const request of wrong) {
    const error = await failureOf(fetchOutside(request, policy))
    expect([error.reason, error.message]).toEqual(['request', expect.not.stringContaining('hunter2')])
  }
})

test('sends the host name in TLS, and rejects a certificate for another name or from an unknown authority', async () => {
  const served: unknown[] = []
  const server = createServer({ cert: certificate, key: certificateKey }, (request, response) => {
    served.push(Reflect.get(request.socket, 'servername'))
    response.end('secure')
  })
  const port = await listen(server)
  const trusting = { ...policy, authority: certificate }
  const { body } = await fetchOutside({ url: `https://outside.test.:${port}/` }, trusting)
  expect([Buffer.from(body).toString(), served]).toEqual(['secure', ['outside.test']])
  const errors = [
    await failureOf(fetchOutside({ url: `https://outside.test:${port}/` }, policy)),
    await failureOf(fetchOutside({ url: `https://b.test:${port}/` }, trusting)),
    await failureOf(fetchOutside({ url: `https://127.0.0.1:${port}/` }, trusting)),
  ]
  expect(errors.map(({ message }) => message)).toEqual([
    'Cannot connect to outside.test (DEPTH_ZERO_SELF_SIGNED_CERT)',
    'Cannot connect to b.test (ERR_TLS_CERT_ALTNAME_INVALID)',
    'Cannot connect to 127.0.0.1 (ERR_TLS_CERT_ALTNAME_INVALID)',
  ])
  expect(served).toHaveLength(1)
})

test('connects when only one of several addresses answers', async () => {
  const port = await startEcho()
  expect((await fetchOutside({ url: `http://both.test:${port}/` }, policy)).status).toBe(200)
  const onlyFour = policyOf(readOutsideAllow(`127.0.0.1:${port}`))
  expect((await fetchOutside({ url: `http://localhost:${port}/` }, onlyFour)).status).toBe(200)
})

test('createOutsideFetch behaves like `fetch` with the checks of fetchOutside', async () => {
  const port = await startEcho()
  const guarded = createOutsideFetch(policy)
  const response = await guarded(new URL(`http://a.test:${port}/x`), {
    method: 'POST',
    body: new URLSearchParams({ a: 'b' }),
    headers: { 'x-key': 'k' },
  })
  expect(await response.json()).toMatchObject({ method: 'POST', body: 'a=b', headers: { 'x-key': 'k', 'content-type': /form/ } })
  expect((await failureOf(guarded('http://192.168.0.1/'))).reason).toBe('address')
  expect((await failureOf(guarded('http://a.test/', { headers: { 'x-key': 'hunter2\n\n2' } }))).message).not.toContain('hunter2')
  expect((await failureOf(guarded(`http://a.test:${port}/`, { signal: AbortSignal.abort() }))).reason).toBe('stopped')
})
