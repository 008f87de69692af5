/** A key that is revoked while something of it is open: streams and waits end within five seconds, on another server too. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { PROJECT, startTestServer, type TestServer } from './testing/start-test-server.fixture.ts'

/** What GUARANTEES and the guide promise. */
const PROMISED_MS = 5000

let database: TestDatabase
let here: TestServer
let there: TestServer
let runId: string

beforeAll(async () => {
  database = await createTestDatabase()
  here = await startTestServer(database.url, ['--project', PROJECT])
  there = await startTestServer(database.url, [], here)
  runId = (await here.post<{ runId: string }>('/api/v1/runs', { workflow: 'wait-for-word' })).runId
})
afterAll(async () => {
  await Promise.all([here?.stop(), there?.stop()])
  await database?.drop()
})

const input = () => encodeURIComponent(JSON.stringify({ runId, timeout: '50s' }))
const MCP_HEADERS = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }

/** Each opens something at a server and resolves, when the server has ended it, with all that it sent. */
const OPENED: Readonly<Record<string, (url: string, key: string) => Promise<string>>> = {
  'an event stream': (url, key) => read(`${url}/api/v1/events/stream`, key),
  'a wait over REST': (url, key) => read(`${url}/api/v1/runs/${runId}/result?timeout=50s`, key),
  'a wait over tRPC': (url, key) => read(`${url}/trpc/runs.result?input=${input()}`, key),
  'a wait over MCP': (url, key) => {
    const params = { name: 'run_result', arguments: { runId, timeout: '50s' } }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    return read(`${url}/mcp`, key, { method: 'POST', body, headers: MCP_HEADERS })
  },
}

async function read(address: string, key: string, { headers, ...init }: RequestInit & { headers?: Record<string, string> } = {}) {
  const response = await fetch(address, {
    ...init,
    headers: { ...headers, authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(30_000),
  })
  return await response.text()
}

test.for(Object.keys(OPENED).flatMap((what) => [[what, 'the server that revokes'] as const, [what, 'another server'] as const]))(
  '%s at %s ends within five seconds after its key was revoked',
  async ([what, where]) => {
    const made = await here.post<{ id: string; secret: string }>('/api/v1/keys', { name: what, scopes: ['events:read', 'runs:read'] })
    const server = where === 'another server' ? there : here
    const ended = OPENED[what]?.(server.url, made.secret)
    // The key has been looked up, so it is cached from now on.
    await expect.poll(() => lastUsed(made.id)).not.toBeNull()
    expect((await here.fetch(`/api/v1/keys/${made.id}`, { method: 'DELETE' })).status).toBe(200)
    const revokedAt = performance.now()
    const text = await ended
    expect(performance.now() - revokedAt).toBeLessThan(PROMISED_MS)
    if (what !== 'an event stream') expect(text).toContain('unauthenticated')
  },
)

async function lastUsed(id: string): Promise<string | null> {
  const { items } = await here.json<{ items: { id: string; lastUsedAt: string | null }[] }>('/api/v1/keys?limit=50')
  return items.find((key) => key.id === id)?.lastUsedAt ?? null
}
