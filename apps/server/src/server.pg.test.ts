/**
 * Goal: the composed server works through every face (REST, tRPC, MCP, health, metrics).
 * Uses the whole server in this process, on a database of its own.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createTRPCClient, httpBatchLink, httpLink } from '@trpc/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { PROJECT, startTestServer, type TestServer } from './testing/start-test-server.fixture.ts'
import type { AppRouter } from './trpc/router.ts'

let database: TestDatabase
let server: TestServer

beforeAll(async () => {
  database = await createTestDatabase()
  server = await startTestServer(database.url, ['--project', PROJECT])
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
})

interface Started {
  readonly runId: string
  readonly outcome: string
}
const start = (name: string, headers = {}) => server.post<Started>('/api/v1/runs', { workflow: 'greet', input: { name } }, headers)

describe('REST', () => {
  test('starts a run, waits for its result and lists it', async () => {
    const { runId, outcome } = await start('Ada')
    expect(outcome).toBe('started')
    expect(await server.json(`/api/v1/runs/${runId}/result?timeout=20s`)).toMatchObject({
      done: true,
      status: 'succeeded',
      output: { greeting: 'Hello, Ada!' },
    })
    const { items } = await server.json<{ items: { id: string }[] }>('/api/v1/runs?limit=5&workflow=greet')
    expect(items.map((run) => run.id)).toContain(runId)
  })

  test('replays the answer for the same idempotency key and input, and refuses other input', async () => {
    const first = await start('Grace', { 'idempotency-key': 'rest-1' })
    const again = await server.fetch('/api/v1/runs', {
      method: 'POST',
      body: JSON.stringify({ workflow: 'greet', input: { name: 'Grace' } }),
      headers: { 'content-type': 'application/json', 'idempotency-key': 'rest-1' },
    })
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    expect(await again.json()).toEqual(first)
    expect(await start('Alan', { 'idempotency-key': 'rest-1' })).toMatchObject({ status: 422, code: 'idempotency.key_reused' })
  })

  test('answers a missing key, a key without the scope, an unknown id and an unknown field with problems', async () => {
    const anonymous = await fetch(`${server.url}/api/v1/runs`)
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="orrery"'])
    const made = await server.post<{ secret: string }>('/api/v1/keys', { name: 'narrow', scopes: ['workflows:read'] })
    const narrow = await fetch(`${server.url}/api/v1/runs`, { headers: { authorization: `Bearer ${made.secret}` } })
    expect(await narrow.json()).toMatchObject({ status: 403, code: 'forbidden', permission: 'runs:read' })
    expect(await server.json('/api/v1/runs/run_01jb2m4k6q8r0s2t4v6w8x0y2z')).toMatchObject({ status: 404, code: 'run.not_found' })
    expect(await server.post('/api/v1/runs', { workflow: 'greet', inptu: 1 })).toMatchObject({
      code: 'invalid_input',
      errors: [{ path: 'inptu' }],
    })
  })

  test('answers a public operation without a key', async () => {
    expect(await (await fetch(`${server.url}/api/v1/system`)).json()).toMatchObject({ name: 'orrery' })
  })
})

describe('tRPC', () => {
  const client = () =>
    createTRPCClient<AppRouter>({ links: [httpLink({ url: `${server.url}/trpc`, headers: { authorization: `Bearer ${server.key}` } })] })

  test('starts a run and returns its result to a typed client', async () => {
    const { runId } = await client().runs.start.mutate({ workflow: 'greet', input: { name: 'Barbara' } })
    expect(await client().runs.result.query({ runId, timeout: '20s' })).toMatchObject({ output: { greeting: 'Hello, Barbara!' } })
  })

  test('answers a batch, and puts the problem into an error', async () => {
    const batched = createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url: `${server.url}/trpc`, headers: { authorization: `Bearer ${server.key}` } })],
    })
    const [list, info] = await Promise.all([batched.workflows.list.query({}), batched.system.info.query({})])
    expect(list.items.map((workflow) => workflow.name).sort()).toEqual(['ask-slowly', 'greet', 'wait-for-word'])
    expect(info.api).toBe('v1')
    const refused = client().runs.start.mutate({ workflow: 'nothing' })
    await expect(refused).rejects.toMatchObject({ data: { httpStatus: 404, problem: { code: 'workflow.not_found' } } })
  })
})

describe('MCP', () => {
  async function connect(key: string): Promise<Client> {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit: { headers: { authorization: `Bearer ${key}` } } }),
    )
    return client
  }

  test('starts a run, waits for it and serves it as a resource', async () => {
    const client = await connect(server.key)
    const started = await client.callTool({ name: 'run_start', arguments: { workflow: 'greet', input: { name: 'Edsger' } } })
    const { runId } = started.structuredContent as unknown as Started
    const result = await client.callTool({ name: 'run_result', arguments: { runId, timeout: '20s' } })
    expect(result.structuredContent).toMatchObject({ status: 'succeeded', output: { greeting: 'Hello, Edsger!' } })
    const { contents } = await client.readResource({ uri: `orrery://runs/${runId}` })
    expect(JSON.parse((contents[0] as { text: string }).text)).toMatchObject({ id: runId, status: 'succeeded' })
    const { resources } = await client.listResources()
    expect(resources.map((resource) => resource.uri)).toContain(`orrery://runs/${runId}`)
    await expect(client.readResource({ uri: 'orrery://runs/run_01jb2m4k6q8r0s2t4v6w8x0y2z' })).rejects.toThrow(/not.found|No run/i)
    await client.close()
  })

  test('lists no runs to a key that may not read them', async () => {
    const { secret } = await server.post<{ secret: string }>('/api/v1/keys', { name: 'listens', scopes: ['events:read'] })
    const client = await connect(secret)
    expect((await client.listResources()).resources).toEqual([])
    await client.close()
  })

  test('reports progress while a client that asked for it waits', async () => {
    const client = await connect(server.key)
    const { runId } = await server.post<Started>('/api/v1/runs', { workflow: 'wait-for-word' })
    const seen: number[] = []
    const waiting = client.callTool(
      { name: 'run_result', arguments: { runId, timeout: '20s' } },
      { onprogress: ({ progress }) => void seen.push(progress) },
    )
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(0)
    await server.post(`/api/v1/runs/${runId}/signals`, { name: 'word', payload: 'orrery' })
    expect((await waiting).structuredContent).toMatchObject({ output: { word: 'orrery' } })
    await client.close()
  })

  test('lists the tools that a key may use, and returns a problem as a tool error', async () => {
    const { secret } = await server.post<{ secret: string }>('/api/v1/keys', { name: 'reader of workflows', scopes: ['workflows:read'] })
    const client = await connect(secret)
    expect((await client.listTools()).tools.map((tool) => tool.name).sort()).toEqual(['whoami', 'workflow_get', 'workflow_list'])
    const refused = await client.callTool({ name: 'run_list', arguments: {} })
    expect([refused.isError, refused.structuredContent]).toMatchObject([true, { problem: { code: 'forbidden' } }])
    await client.close()
    await expect(connect(`orr_abcdefgh_${'A'.repeat(43)}`)).rejects.toThrow()
  })
})

describe('health and metrics', () => {
  test('shows the status of each check to everyone, and its details only with a key', async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ status: 'healthy', services: { database: 'healthy' } })
    const coarse = await (await fetch(`${server.url}/health/detailed`)).json()
    expect(coarse).toEqual({ status: 'ok', checks: { database: 'ok', migrations: 'ok', engine: 'ok', queue: 'ok' } })
    expect(await server.json('/health/detailed')).toMatchObject({
      status: 'ok',
      checks: { engine: { details: { worker: expect.any(String) } } },
    })
    const wrong = await fetch(`${server.url}/health/detailed`, { headers: { authorization: 'Bearer nonsense' } })
    expect(wrong.status).toBe(401)
  })

  test('does not report missing workers for a new urgent run or for one in a paused queue', async () => {
    await server.post('/api/v1/queues/resting/pause', {})
    for (const queue of ['resting', 'without-workers'])
      await server.post('/api/v1/runs', { workflow: 'greet', input: { name: 'Urgent' }, priority: 'urgent', queue })
    const queue = async () => {
      const { checks } = await server.json<{ checks: { queue: { status: string; details: Figures } } }>('/health/detailed')
      return checks.queue
    }
    interface Figures {
      readonly live: { readonly ready: number }
      readonly oldestReadySeconds: number
    }
    await expect.poll(async () => (await queue()).details.live.ready).toBeGreaterThanOrEqual(2)
    expect((await queue()).status).toBe('ok')
    expect((await queue()).details.oldestReadySeconds).toBeLessThan(30)
  })

  test('serves metrics to a program on this machine, but not to a proxy without a key', async () => {
    await start('Figures')
    const text = await (await fetch(`${server.url}/metrics`)).text()
    expect(text).toMatch(/orrery_operation_duration_seconds_count\{face="rest",operation="runs.start",status="201"\} \d+/)
    expect(text).toMatch(/orrery_runs_finished_total\{status="succeeded"\} \d+/)
    expect(text).toMatch(/orrery_live_runs\{state="waiting"\} \d+/)
    expect(text).toMatch(/orrery_flush_duration_seconds_count \d+/)
    for (const pool of ['requests', 'loops', 'engine', 'steps']) {
      expect(text).toMatch(new RegExp(`orrery_pool_connections\\{pool="${pool}",state="idle"\\} \\d+`))
    }
    expect(text).not.toContain(server.org)
    const forwarded = { 'x-forwarded-for': '203.0.113.7' }
    expect((await fetch(`${server.url}/metrics`, { headers: forwarded })).status).toBe(401)
    expect((await server.fetch('/metrics', { headers: forwarded })).status).toBe(200)
  })
})

test('logs the request id and the trace id, but no key', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  await start('Log', { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-request-id': 'find-me' })
  expect(server.log()).not.toContain(server.key)
  const line = server
    .log()
    .split('\n')
    .find((one) => one.includes('find-me') && one.includes('"msg":"request"'))
  expect(line).toContain(traceId)
})
