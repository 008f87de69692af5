/**
 * The database away, restarting, out of connections, disk or memory. Goal: whatever is asked meanwhile is answered in time, with 503 and
 * `Retry-After` and never with 500; `/health` says so; and everything works again afterwards.
 */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { eventually } from '../../../tests/support/eventually.ts'
import { openTcpProxy, type TcpProxy } from '../../../tests/support/tcp-proxy.ts'
import { PROJECT, startTestServer, type TestServer } from './testing/start-test-server.fixture.ts'

let database: TestDatabase
let proxy: TcpProxy
let server: TestServer

beforeAll(async () => {
  database = await createTestDatabase()
  proxy = await openTcpProxy(database.url)
  server = await startTestServer(proxy.url, ['--project', PROJECT])
})
afterAll(async () => {
  proxy?.set('pass')
  await server?.stop()
  await proxy?.close()
  await database?.drop()
})

interface Request {
  readonly path: string
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
const get = (path: string): Request => ({ path })
const post = (path: string, body: unknown): Request => ({ path, method: 'POST', body })

/** Replaced by another key for each request. */
const NEW_KEY = 'new'

/** One request of each kind: every face, reads and writes, with and without a transaction, and what is not an operation. */
const REQUESTS: readonly Request[] = [
  get('/api/v1/runs'),
  get('/api/v1/keys'),
  get('/api/v1/events'),
  get('/api/v1/events/stream'),
  get('/api/v1/audit'),
  get('/api/v1/automations'),
  get('/api/v1/workers'),
  get('/api/v1/runs/run_01jb2m4k6q8r0s2t4v6w8x0y2z'),
  get('/api/v1/runs/run_01jb2m4k6q8r0s2t4v6w8x0y2z/why'),
  get('/api/v1/runs/run_01jb2m4k6q8r0s2t4v6w8x0y2z/result?timeout=1s'),
  post('/api/v1/runs', { workflow: 'greet', input: { name: 'x' } }),
  { ...post('/api/v1/runs', { workflow: 'greet', input: { name: 'x' } }), headers: { 'idempotency-key': NEW_KEY } },
  post('/api/v1/keys', { name: 'x', scopes: ['runs:read'] }),
  post('/api/v1/queues/x/pause', {}),
  post('/api/v1/tools/time.now/call', { args: {} }),
  get('/trpc/runs.list?input=%7B%7D'),
  post('/trpc/queues.pause', { queue: 'x' }),
  {
    ...post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
    headers: { accept: 'application/json, text/event-stream' },
  },
  {
    ...post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'run_list', arguments: {} } }),
    headers: { accept: 'application/json, text/event-stream' },
  },
  get('/tasks'),
  get('/runs'),
  post(`/hooks/orr_hook_${'A'.repeat(43)}`, {}),
  get('/metrics'),
  get('/health/detailed'),
]

async function answerTo({ path, method = 'GET', body, headers = {} }: Request) {
  const begun = performance.now()
  const response = await server.fetch(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
      ...(headers['idempotency-key'] === NEW_KEY ? { 'idempotency-key': randomUUID() } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  })
  // A stream never ends.
  const text = path.includes('stream') ? '' : await response.text()
  if (path.includes('stream')) await response.body?.cancel()
  const tookMs = Math.round(performance.now() - begun)
  return { request: `${method} ${path}`, status: response.status, retryAfter: response.headers.get('retry-after'), text, tookMs }
}

type Answer = Awaited<ReturnType<typeof answerTo>>
const askAll = (): Promise<Answer[]> => Promise.all(REQUESTS.map(answerTo))
const health = async () => {
  const response = await fetch(`${server.url}/health`)
  return { code: response.status, ...((await response.json()) as { status: string; services: { database: string } }) }
}

/** A call of a tool has two limits: one for the tool's trace, and one for its own entry. */
const LIMIT_MS = 45_000

/** What the answers may not be: an error of ours, a refusal that does not say when to try again, or an answer that takes too long. */
const faultsOf = (answers: readonly Answer[], limitMs: number) =>
  answers.filter(
    ({ status, retryAfter, text, tookMs, request }) =>
      status === 500 ||
      /"status":\s*500/.test(text) ||
      (status === 503 && retryAfter === null && !request.includes('/health')) ||
      tookMs > limitMs,
  )
const isRefused = ({ status, text }: Answer) => status === 503 || text.includes('/docs/problems/unavailable')

async function expectRecovery(): Promise<void> {
  const answers = await eventually(askAll, (all) => all.every((one) => !isRefused(one)), 60_000)
  expect(faultsOf(answers, LIMIT_MS)).toEqual([])
  await eventually(health, ({ code }) => code === 200, 20_000)
}

test('a database that is there answers every request', expectRecovery)

describe('the network', () => {
  test('resets every connection in the middle of a query', async () => {
    for (let round = 0; round < 5; round++) {
      proxy.resetNext()
      expect(faultsOf(await askAll(), LIMIT_MS)).toEqual([])
    }
    await expectRecovery()
  })

  test('refuses every connection', async () => {
    proxy.set('refuse')
    const answers = await askAll()
    expect(faultsOf(answers, LIMIT_MS)).toEqual([])
    expect(answers.filter(isRefused).length).toBeGreaterThan(15)
    expect(await eventually(health, ({ code }) => code === 503)).toMatchObject({
      status: 'unhealthy',
      services: { database: 'unhealthy' },
    })
    // The key is known for some seconds, and shows the details.
    const detailed = () => server.json<{ checks?: { database: unknown } }>('/health/detailed')
    expect((await eventually(detailed, ({ checks }) => typeof checks?.database !== 'object')).checks).toMatchObject({ database: 'down' })
    proxy.set('pass')
    await expectRecovery()
  })

  test('delays every byte', async () => {
    proxy.set({ delayMs: [100, 100] })
    expect(faultsOf(await askAll(), LIMIT_MS)).toEqual([])
    proxy.set('pass')
    await expectRecovery()
  })

  test('goes silent', async () => {
    proxy.set('hang')
    const [answers] = await Promise.all([askAll(), eventually(health, ({ services }) => services?.database === 'unhealthy')])
    expect(faultsOf(answers, LIMIT_MS)).toEqual([])
    expect(answers.filter(isRefused).length).toBeGreaterThan(15)
    proxy.set('refuse')
    proxy.set('pass')
    await expectRecovery()
  })
})

/** What PostgreSQL reports when something is missing, raised where every write meets it. */
const LACKS = [
  ['disk space', '53100', true],
  ['memory', '53200', false],
  ['a disk that works', '58030', false],
] as const

describe('PostgreSQL', () => {
  const TABLES = ['app.api_key', 'app.audit_entry', 'app.idempotency_key', 'engine.event']
  const asAdmin = async (text: string) => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query(text).finally(() => client.end())
  }

  test.for(LACKS)('lacks %s', async ([, code, retries]) => {
    await asAdmin(
      `create function app.lack() returns trigger language plpgsql as $$ begin raise exception 'lacking' using errcode = '${code}'; end $$;` +
        TABLES.map((table) => `create trigger lack before insert on ${table} for each row execute function app.lack()`).join(';'),
    )
    try {
      // The engine repeats a group commit for some seconds before the caller gets an answer; once is enough.
      const writes = REQUESTS.filter(
        ({ path, method, headers }) =>
          method === 'POST' && (/keys|queues/.test(path) || (path.endsWith('/runs') && (retries || headers !== undefined))),
      )
      const answers = await Promise.all(writes.map(answerTo))
      expect(faultsOf(answers, LIMIT_MS)).toEqual([])
      expect(answers.map(isRefused)).toEqual(answers.map(() => true))
      expect(await eventually(health, ({ status }) => status === 'degraded')).toMatchObject({ services: { database: 'degraded' } })
    } finally {
      await asAdmin(`${TABLES.map((table) => `drop trigger lack on ${table}`).join(';')}; drop function app.lack()`)
    }
    await expectRecovery()
  })
})
