/** A key that is revoked while something of it is open: streams and waits end within five seconds, on another server too. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { OPEN_CALLS, OPEN_SCOPES, openCall } from './testing/open-calls.fixture.ts'
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

test.for(OPEN_CALLS.flatMap((what) => [[what, 'the server that revokes'] as const, [what, 'another server'] as const]))(
  '%s at %s ends within five seconds after its key was revoked',
  async ([what, where]) => {
    const made = await here.post<{ id: string; secret: string }>('/api/v1/keys', { name: what, scopes: OPEN_SCOPES })
    const server = where === 'another server' ? there : here
    const ended = openCall(what, { url: server.url, key: made.secret, runId })
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
