/**
 * The tool `http.request` against local servers: requests, credentials, failures, the forms of a body, and the guard for outgoing requests.
 */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificate, certificateKey } from '../../../../kernel/src/outside/testing/certificate.fixture.ts'
import { listen, listenHttp } from '../../../../kernel/src/outside/testing/listen.fixture.ts'
import { startTools, type Tools } from '../testing/start-tools.fixture.ts'
import { httpRequest } from './http-request.ts'

let tools: Tools
beforeAll(async () => {
  tools = await startTools()
})
afterAll(() => tools.close())

const token = 'hunter2-token'

interface Heard {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Answers with the request that it received. */
const echo: RequestListener = async (request, response) => {
  const { method, url, headers } = request
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.setHeader('set-cookie', 'session=1')
  response.end(JSON.stringify({ method, url, headers, body: await text(request) } satisfies Heard))
}

async function ask(args: Parameters<Tools['call']>[1]) {
  const { output } = await tools.call(httpRequest, args)
  return output as unknown as { status: number; headers: Record<string, string>; body: Heard; encoding: string }
}

describe('http.request', () => {
  it('sends method, query and headers, and returns status, headers and body', async () => {
    const port = await listenHttp(echo)
    const query = { state: 'open', tag: ['a', 'b & c'], limit: 5, all: true }
    const answer = await ask({ url: `http://127.0.0.1:${port}/orders?x=1`, query, headers: { 'X-Trace': 'u' } })
    expect(answer).toMatchObject({ status: 200, encoding: 'json', headers: { 'content-type': 'application/json; charset=utf-8' } })
    expect(answer.headers).not.toHaveProperty('set-cookie')
    expect(answer.body).toMatchObject({
      method: 'GET',
      url: '/orders?x=1&state=open&tag=a&tag=b+%26+c&limit=5&all=true',
      headers: { 'x-trace': 'u' },
      body: '',
    })
    expect(answer.body.headers).not.toHaveProperty('idempotency-key')
  })

  it('sends JSON and text with an idempotency key that is the same in every attempt', async () => {
    const url = `http://127.0.0.1:${await listenHttp(echo)}/`
    const first = await ask({ url, method: 'POST', json: { a: [1, null] } })
    const second = await ask({ url, method: 'POST', text: 'a=1', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })
    expect([first.body.body, first.body.headers['content-type']]).toEqual(['{"a":[1,null]}', 'application/json'])
    expect([second.body.body, second.body.headers['content-type']]).toEqual(['a=1', 'application/x-www-form-urlencoded'])
    expect(first.body.headers['idempotency-key']).toMatch(/^[\w-]{32}$/)
    expect(await tools.failure(httpRequest, { url, method: 'POST', json: {}, text: '' })).toMatchObject({ name: 'InvalidArguments' })
    expect(second.body.headers['idempotency-key']).toBe(first.body.headers['idempotency-key'])
  })

  it.each([
    ['bearer', { token }, 'authorization', `Bearer ${token}`],
    ['basic', { username: 'ada', password: token }, 'authorization', `Basic ${Buffer.from(`ada:${token}`).toString('base64')}`],
    ['header', { name: 'X-Api-Key', value: token }, 'x-api-key', token],
  ] as const)('sends the header of a %s connection, and hides it where the server repeats it', async (type, fields, header, value) => {
    let heard: string | string[] | undefined
    const port = await listenHttp((request, response) => {
      heard = request.headers[header]
      return echo(request, response)
    })
    const url = `http://127.0.0.1:${port}/`
    const connection = await tools.connect({ type, ...fields, origins: [new URL(url).origin] } as never)
    const answer = await ask({ url, connection, headers: { [header]: 'of the arguments' } })
    expect(heard).toBe(value)
    expect(answer.body.headers[header]).toBe('[secret]')
    expect(JSON.stringify(answer)).not.toContain(token)
  })

  it('hides the secret in every JSON escaping in which the server repeats it', async () => {
    const secret = 'hunter2/a+b=="c"'
    const password = 'hunter2:pass/word'
    let said = ''
    const port = await listenHttp((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(said))
    const url = `http://127.0.0.1:${port}/`
    const origins = [new URL(url).origin]
    const header = await tools.connect({ type: 'header', name: 'x-key', value: secret, origins })
    // The escapes of PHP and Java.
    for (const write of [(text: string) => text.replaceAll('/', '\\/'), (text: string) => text.replaceAll('=', '\\u003d')]) {
      said = write(JSON.stringify({ key: `It is ${secret}.`, [secret]: 1 }))
      expect(JSON.parse(said)).toHaveProperty('key', `It is ${secret}.`)
      expect((await ask({ url, connection: header })).body).toEqual({ key: 'It is [secret].', '[secret]': 1 })
    }
    const basic = await tools.connect({ type: 'basic', username: 'ada', password, origins })
    said = JSON.stringify({ user: 'ada', password })
    expect((await ask({ url, connection: basic })).body).toEqual({ user: 'ada', password: '[secret]' })
  })

  it('does not send the secret to another origin', async () => {
    const urls = await Promise.all([listenHttp(echo), listenHttp(echo)].map(async (port) => `http://127.0.0.1:${await port}/`))
    const [own = '', other = ''] = urls
    const connection = await tools.connect({ type: 'bearer', token, origins: [new URL(own).origin] })
    expect(await tools.failure(httpRequest, { url: other, connection })).toMatchObject({ name: 'ConnectionError', isRetryable: false })
    const port = await listenHttp((_, response) => response.writeHead(307, { location: other }).end())
    const redirecting = await tools.connect({ type: 'bearer', token, origins: [`http://127.0.0.1:${port}`] })
    const { body } = await ask({ url: `http://127.0.0.1:${port}/`, connection: redirecting })
    expect(body.headers).not.toHaveProperty('authorization')
  })

  it('uses TLS, and rejects a certificate for another name', async () => {
    const port = await listen(createSecure({ key: certificateKey, cert: certificate }, echo))
    expect((await ask({ url: `https://outside.test:${port}/` })).body.headers.host).toBe(`outside.test:${port}`)
    const error = await tools.failure(httpRequest, { url: `https://127.0.0.1:${port}/` })
    expect(error).toMatchObject({ name: 'OutsideError', isRetryable: true, details: { reason: 'connection', host: '127.0.0.1' } })
  })

  it.each([
    [400, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [501, false],
    [503, true],
  ])('fails at status %i with retryable = %s', async (status, isRetryable) => {
    const port = await listenHttp((_, response) => response.writeHead(status, { 'retry-after': '7' }).end('Not so.'))
    const url = `http://127.0.0.1:${port}/secret-path?key=secret`
    const error = await tools.failure(httpRequest, { url })
    expect(error).toMatchObject({ name: 'HttpError', isRetryable, details: { status, body: 'Not so.', retry_after: '7' } })
    expect(error.message).toBe(`127.0.0.1 answered with status ${status}`)
    expect(await ask({ url, expect: [status] })).toMatchObject({ status, body: 'Not so.', encoding: 'text' })
  })

  it('fails at a 2xx status that is not in `expect`', async () => {
    const url = `http://127.0.0.1:${await listenHttp(echo)}/`
    expect(await tools.failure(httpRequest, { url, expect: [204] })).toMatchObject({ name: 'HttpError', isRetryable: false })
  })

  it('returns a body as JSON, text or base64 depending on its content', async () => {
    let [type, body] = ['', Buffer.alloc(0)]
    const url = `http://127.0.0.1:${await listenHttp((_, response) => response.writeHead(200, type === '' ? {} : { 'content-type': type }).end(body))}/`
    const deep = Buffer.from('['.repeat(5_000) + ']'.repeat(5_000))
    const cases = [
      ['application/problem+json', Buffer.from('{"a":1}'), { encoding: 'json', body: { a: 1 } }],
      ['application/json', Buffer.from('{"a":'), { encoding: 'text', body: '{"a":' }],
      ['application/json', Buffer.from('{"id":9007199254740993}'), { encoding: 'json', body: { id: '9007199254740993' } }],
      ['application/json', deep, { encoding: 'text', body: deep.toString() }],
      ['text/plain; charset=iso-8859-1', Buffer.from([0xfc]), { encoding: 'text', body: 'ü' }],
      ['', Buffer.from('ü'), { encoding: 'text', body: 'ü' }],
      ['image/png', Buffer.from([0x89, 0x50, 0xff]), { encoding: 'base64', body: 'iVD/' }],
      ['text/plain', Buffer.from([0x61, 0]), { encoding: 'base64', body: 'YQA=' }],
      ['text/plain; charset=no-such', Buffer.from('a'), { encoding: 'base64', body: 'YQ==' }],
    ] as const
    for (const [claimed, sent, expected] of cases) {
      ;[type, body] = [claimed, sent]
      expect([claimed, await ask({ url })]).toMatchObject([claimed, expected])
    }
  })

  it('limits the size of an answer, and does not reach forbidden addresses directly or by a redirect', async () => {
    const large = await listenHttp((_, response) => response.end('x'.repeat(1_000_001)))
    expect(await tools.failure(httpRequest, { url: `http://127.0.0.1:${large}/` })).toMatchObject({
      isRetryable: false,
      details: { reason: 'size' },
    })
    const moved = await listenHttp((_, response) => response.writeHead(302, { location: 'http://10.0.0.1/' }).end())
    const url = `http://127.0.0.1:${moved}/`
    expect(await tools.failure(httpRequest, { url })).toMatchObject({
      name: 'OutsideError',
      isRetryable: false,
      details: { reason: 'address' },
    })
    expect(await ask({ url, follow_redirects: false, expect: [302] })).toMatchObject({
      status: 302,
      headers: { location: 'http://10.0.0.1/' },
    })
    for (const one of ['file:///etc/passwd', 'http://169.254.169.254/', 'nonsense', 'http://ada:hunter2@127.0.0.1/'])
      expect(await tools.failure(httpRequest, { url: one, query: { a: 1 } })).toMatchObject({ name: 'OutsideError', isRetryable: false })
  })

  it('rejects with the abort reason when it is stopped', async () => {
    const stopped = new AbortController()
    const reason = new Error('Another worker has it')
    const port = await listen(createServer(() => stopped.abort(reason)))
    const call = tools.call(httpRequest, { url: `http://127.0.0.1:${port}/` }, { signal: stopped.signal })
    await expect(call).rejects.toBe(reason)
  })
})
