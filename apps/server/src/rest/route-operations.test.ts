/**
 * Goal: the REST face reads requests, answers with problems and sets headers as documented. Uses the echo operations, without a
 * database.
 */
import { expect, test } from 'vitest'
import { createEchoServer, KEY } from '../testing/echo-backend.fixture.ts'

const json = { 'content-type': 'application/json' }
const post = (body: string, headers: Record<string, string> = json): RequestInit => ({ method: 'POST', body, headers })

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const shown = (await response.json()) as Record<string, unknown>
  expect(shown.status).toBe(response.status)
  expect(shown.requestId).toBe(response.headers.get('x-request-id'))
  return shown
}

test('reads path and query according to the shape of the input', async () => {
  const response = await createEchoServer().fetch('/api/v1/echoes/a%20b?count=3&loud=true&tags=x&tags=y')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ heard: { echoId: 'a b', count: 3, loud: true, tags: ['x', 'y'] } })
})

test('merges path and body into one input, and answers with the status of the operation', async () => {
  const response = await createEchoServer().fetch('/api/v1/echoes/7', post('{"words":["a"],"extra":{"n":null}}'))
  expect(response.status).toBe(201)
  expect(await response.json()).toEqual({ heard: { echoId: '7', words: ['a'], extra: { n: null } } })
})

const refused: [string, string, RequestInit | undefined, number, string][] = [
  ['an unknown path', '/api/v1/nothing', undefined, 404, 'not_found'],
  ['a path outside the API', '/nothing', undefined, 404, 'not_found'],
  ['a wrong method', '/api/v1/echoes/7', { method: 'PUT' }, 405, 'method_not_allowed'],
  ['an unknown query field', '/api/v1/echoes/7?lod=true', undefined, 400, 'invalid_input'],
  ['a repeated field', '/api/v1/echoes/7?count=1&count=2', undefined, 400, 'invalid_input'],
  ['an ill-typed query field', '/api/v1/echoes/7?count=many', undefined, 400, 'invalid_input'],
  ['a query where a body belongs', '/api/v1/echoes/7?x=1', post('{"words":["a"]}'), 400, 'invalid_input'],
  ['a field in both path and body', '/api/v1/echoes/7', post('{"echoId":"8","words":["a"]}'), 400, 'invalid_input'],
  ['malformed JSON', '/api/v1/echoes/7', post('{"words":'), 400, 'invalid_input'],
  ['JSON that is not an object', '/api/v1/echoes/7', post('[1]'), 400, 'invalid_input'],
  ['an empty body', '/api/v1/echoes/7', post(''), 400, 'invalid_input'],
  ['a form', '/api/v1/echoes/7', post('words=a', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'unsupported_media_type'],
  [
    'another charset',
    '/api/v1/echoes/7',
    post('{}', { 'content-type': 'application/json; charset=latin1' }),
    415,
    'unsupported_media_type',
  ],
  ['a body over the limit', '/api/v1/echoes/7', post(JSON.stringify({ words: ['a'.repeat(2000)] })), 413, 'payload_too_large'],
  ['a declared length over the limit', '/api/v1/echoes/7', post('{}', { ...json, 'content-length': '99999999' }), 413, 'payload_too_large'],
  ['an unknown id', '/api/v1/echoes/none', undefined, 404, 'not_found'],
  ['a foreign host', '/api/v1/echoes/7', { headers: { host: 'evil.example' } }, 403, 'host_not_allowed'],
]
test.each(refused)('answers %s with a problem', async (_, path, init, status, code) => {
  const response = await createEchoServer().fetch(path, init)
  expect(response.status).toBe(status)
  expect(await problemOf(response)).toMatchObject({ code, type: `/docs/problems/${code}` })
})

test('refuses a number that it would change, and names the place', async () => {
  const big = '9007199254740993'
  const refused = { code: 'invalid_input', errors: [{ path: 'extra.ids[1]', message: `${big} is more than a number can keep exactly` }] }
  const body = `{"words":["a"],"extra":{"ids":["${big}",${big}]}}`
  expect(await problemOf(await createEchoServer().fetch('/api/v1/echoes/7', post(body)))).toMatchObject(refused)
  const trpc = await createEchoServer().fetch('/trpc/echoes.make', post(`{"echoId":"7","words":["a"],"extra":{"ids":[1,${big}]}}`))
  expect(await problemOf(trpc)).toMatchObject(refused)
  const call = { name: 'echo_make', arguments: { echoId: '7', words: ['a'], extra: 0 } }
  const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call }).replace('"extra":0', `"extra":${big}`)
  const mcp = await createEchoServer().fetch('/mcp', post(message, { ...json, accept: 'application/json, text/event-stream' }))
  expect(await problemOf(mcp)).toMatchObject({ errors: [{ path: 'extra' }] })
  const kept = await createEchoServer().fetch('/api/v1/echoes/7', post('{"words":["a"],"extra":9007199254740991}'))
  expect(await kept.json()).toMatchObject({ heard: { extra: 9007199254740991 } })
})

test('does not read the body of a caller without a valid key', async () => {
  const server = createEchoServer()
  let reads = 0
  const body = new ReadableStream<Uint8Array>({ pull: () => void (reads += 1) }, { highWaterMark: 0 })
  const init = { method: 'POST', body, duplex: 'half', headers: { ...json, authorization: 'Bearer another' } }
  const response = await server.fetch('/api/v1/echoes/7', init as RequestInit)
  expect(await problemOf(response)).toMatchObject({ code: 'unauthenticated' })
  expect(reads).toBe(0)
})

test('answers a truncated body with a problem and logs no error', async () => {
  const server = createEchoServer()
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('aborted')) })
  const response = await server.fetch('/api/v1/echoes/7', { method: 'POST', body, duplex: 'half', headers: json } as RequestInit)
  expect(await problemOf(response)).toMatchObject({ code: 'invalid_input', detail: expect.stringContaining('ended before') })
  expect(server.log()).not.toContain('"level":"error"')
})

test('refuses a body that is not valid UTF-8', async () => {
  const body = Buffer.concat([Buffer.from('{"words":["'), Buffer.from([0xff]), Buffer.from('"]}')])
  const response = await createEchoServer().fetch('/api/v1/echoes/7', { method: 'POST', body, headers: json })
  expect(await problemOf(response)).toMatchObject({ code: 'invalid_input' })
})

test('sets Allow on a 405, WWW-Authenticate on a 401 and Retry-After on a 429', async () => {
  const server = createEchoServer()
  expect((await server.fetch('/api/v1/echoes/7', { method: 'DELETE' })).headers.get('allow')).toBe('GET, POST, HEAD')
  const anonymous = await server.fetch('/api/v1/echoes/7', { headers: { authorization: 'Basic eDp5' } })
  expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="orrery", error="invalid_token"'])
  const busy = await server.fetch('/api/v1/echoes/busy')
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '2'])
})

test('hides the cause of an internal error and logs it under the request id', async () => {
  const server = createEchoServer()
  const response = await server.fetch('/api/v1/echoes/broken', { headers: { 'x-request-id': 'mine-1' } })
  const text = JSON.stringify(await problemOf(response))
  expect(response.status).toBe(500)
  expect(text).not.toContain('hunter2')
  expect(text).toContain('mine-1')
  const line = server
    .log()
    .split('\n')
    .find((one) => one.includes('hunter2'))
  expect(line).toContain('mine-1')
})

test('keeps a plain request id of the caller and replaces any other', async () => {
  const server = createEchoServer()
  const kept = await server.fetch('/api/v1/echoes/7', { headers: { 'x-request-id': 'abc.1:2' } })
  expect(kept.headers.get('x-request-id')).toBe('abc.1:2')
  const made = await server.fetch('/api/v1/echoes/7', { headers: { 'x-request-id': 'a b<script>' } })
  expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  // In the audit log the id of a run stands for what the run did.
  for (const id of ['run_01jb2m4k6q8r0s2t4v6w8x0y2z', 'KEY_01JB2M4K6Q8R0S2T4V6W8X0Y2Z']) {
    const replaced = await server.fetch('/api/v1/echoes/7', { headers: { 'x-request-id': id } })
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  }
})

test('passes the trace and the idempotency key to the operation, and marks a replayed answer', async () => {
  const server = createEchoServer()
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const response = await server.fetch('/api/v1/echoes/7', post('{"words":["a"]}', { ...json, traceparent, 'idempotency-key': 'seen' }))
  expect(response.headers.get('idempotent-replayed')).toBe('true')
  expect(server.asked[0]).toMatchObject({
    face: 'rest',
    credential: KEY,
    idempotencyKey: 'seen',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  })
})

test('sets the security headers on every answer', async () => {
  for (const path of ['/health', '/api/v1/echoes/7', '/api/v1/nothing', '/docs', '/trpc/echoes.get', '/mcp']) {
    const { headers } = await createEchoServer().fetch(path)
    expect(headers.get('x-content-type-options'), path).toBe('nosniff')
    expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'")
    expect(headers.get('access-control-allow-origin'), path).toBeNull()
  }
})

test('lets pages of allowed origins call, and no others', async () => {
  const server = createEchoServer(undefined, { corsOrigins: ['https://app.example.com'] })
  const preflight = await server.fetch('/api/v1/echoes/7', {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
  })
  expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
  // Includes the headers of MCP clients (2026-07-28): a browser does not send the request unless they are allowed.
  const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(',')
  expect(allowed).toEqual(expect.arrayContaining(['authorization', 'content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name']))
  const failed = await server.fetch('/api/v1/echoes/none', { headers: { origin: 'https://app.example.com' } })
  expect([failed.status, failed.headers.get('access-control-allow-origin')]).toEqual([404, 'https://app.example.com'])
  expect((await server.fetch('/api/v1/echoes/7', { headers: { origin: 'https://evil.example' } })).status).toBe(403)
})

test('does not log keys', async () => {
  const server = createEchoServer()
  await server.fetch(`/api/v1/echoes/${KEY}`)
  expect(server.log()).toContain('"request"')
  expect(server.log()).not.toContain(KEY)
})
