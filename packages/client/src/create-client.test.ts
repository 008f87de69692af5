import { operations } from '@orrery/contract'
import { expect, expectTypeOf, test } from 'vitest'
import { createClient } from './create-client.ts'
import { edgeServer, sendJson } from './edge-server.fixture.ts'
import { ProblemError, UnreachableError } from './problem-error.ts'

const started = { runId: 'run_01h455vb4pex5vsknk084sn02q', outcome: 'started', status: 'queued', cancelled: [] }

test('the client has a function for every operation of the contract', () => {
  const client: Record<string, Record<string, unknown>> = createClient({ url: 'http://127.0.0.1:9' }) as never
  for (const name of Object.keys(operations)) {
    const [noun = '', verb = ''] = name.split('.')
    expect(client[noun]?.[verb], name).toBeTypeOf('function')
  }
})

test('inputs and outputs have the types of the contract', () => {
  const client = createClient({ url: 'http://127.0.0.1:9' })
  expectTypeOf(client.runs.start).parameter(0).toMatchObjectType<{ readonly workflow: string }>()
  expectTypeOf(client.runs.get).returns.resolves.toHaveProperty('status')
  expectTypeOf(client.workflows.list)
    .parameter(0)
    .toEqualTypeOf<{ readonly limit?: number | undefined; readonly cursor?: string | undefined } | undefined>()
})

test('sends fields in the path, the body and the query', async () => {
  await using server = await edgeServer((_, response) => sendJson(response, 200, {}))
  const client = createClient({ url: server.url, key: 'k' })
  await client.runs.signal({ runId: 'run_1', name: 'go', payload: { a: 1 } })
  await client.runs.list({ status: 'failed', limit: 5 })
  expect(server.requests.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', '/api/v1/runs/run_1/signals', '{"name":"go","payload":{"a":1}}'],
    ['GET', '/api/v1/runs?status=failed&limit=5', ''],
  ])
  expect(server.requests[0]?.headers.authorization).toBe('Bearer k')
})

test('repeats a write with the same idempotency key until it is answered', async () => {
  await using server = await edgeServer((_, response, count) => {
    if (count === 1) response.destroy()
    else if (count === 2) sendJson(response, 503, { code: 'unavailable' }, { 'retry-after': '0' })
    else sendJson(response, 201, started)
  })
  const client = createClient({ url: server.url })
  expect(await client.runs.start({ workflow: 'hello' })).toEqual(started)
  const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
  expect(keys).toHaveLength(3)
  expect(new Set(keys).size).toBe(1)
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
})

test('repeats a request whose answer breaks off, and names the fault when it always does', async () => {
  await using server = await edgeServer((_, response, count) => {
    if (count > 1 && count < 4) return sendJson(response, 200, started)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"runId":', () => response.destroy())
  })
  const client = createClient({ url: server.url, attempts: 2 })
  expect(await client.runs.start({ workflow: 'hello' })).toEqual(started)
  expect(new Set(server.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  await client.runs.start({ workflow: 'hello' })
  const error = await client.runs.start({ workflow: 'hello' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UnreachableError)
  expect(String(error)).toContain(`${server.url} cannot be reached: `)
})

test('says that an address that answers with a page is not that of a server', async () => {
  await using server = await edgeServer((_, response, count) => {
    response.writeHead(count === 1 ? 200 : 404, { 'content-type': count === 1 ? 'text/html' : 'application/json' }).end('<html>')
  })
  const client = createClient({ url: server.url })
  await expect(client.system.info()).rejects.toThrow('answered 200 without JSON: it is not the address of an Orrery server')
  await expect(client.system.info()).rejects.toThrow('The server answered 404')
})

test('says why it tries again, and begins no attempt more than half a minute after the first', async () => {
  await using server = await edgeServer((_, response, count) =>
    sendJson(response, 503, { detail: `no ${count}` }, { 'retry-after': count === 1 ? '0' : '31' }),
  )
  const reasons: string[] = []
  const client = createClient({ url: server.url, onRetry: (reason) => void reasons.push(reason) })
  await expect(client.system.info()).rejects.toThrow('no 2')
  expect(reasons).toEqual(['no 1'])
})

test('throws a problem with its code and fields, without retrying', async () => {
  const problem = {
    code: 'invalid_input',
    title: 'The input is not valid',
    detail: 'No.',
    errors: [{ path: 'workflow', message: 'Required' }],
  }
  await using server = await edgeServer((_, response) => sendJson(response, 400, problem))
  const error = await createClient({ url: server.url })
    .runs.start({ workflow: '' })
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ProblemError)
  expect(error).toMatchObject({ code: 'invalid_input', status: 400, message: 'No.', fields: problem.errors })
  expect(server.requests).toHaveLength(1)
})

test('reports why a server cannot be reached', async () => {
  const server = await edgeServer(() => {})
  await server[Symbol.asyncDispose]()
  const error = await createClient({ url: server.url, attempts: 2 })
    .system.info()
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UnreachableError)
  expect(String(error)).toContain('ECONNREFUSED')
})

test('an aborted call rejects with the reason of its signal', async () => {
  await using server = await edgeServer((_, response) => sendJson(response, 503, {}, { 'retry-after': '30' }))
  const stop = new AbortController()
  const call = createClient({ url: server.url }).system.info({}, { signal: stop.signal })
  const reason = new Error('enough')
  stop.abort(reason)
  await expect(call).rejects.toBe(reason)
})
