/**
 * An agent that loses its access while it has something open: streams and waits end within five seconds, and so do new requests, on another
 * server too. Each way to lose it is tried with each thing that can be open.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { OPEN_CALLS, OPEN_SCOPES, type OpenCall, openCall } from './testing/open-calls.fixture.ts'
import { PROJECT, startTestServer, type TestServer } from './testing/start-test-server.fixture.ts'

/** What GUARANTEES and the guide promise. */
const PROMISED_MS = 5000

let folder: string
let database: TestDatabase
let here: TestServer
let there: TestServer
let runId: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orrery-agents-'))
  const env = { ORRERY_TOKEN_KEY_FILE: join(folder, 'token-key.pem') }
  database = await createTestDatabase()
  here = await startTestServer(database.url, ['--project', PROJECT], undefined, env)
  there = await startTestServer(database.url, [], here, env)
  runId = (await here.post<{ runId: string }>('/api/v1/runs', { workflow: 'wait-for-word' })).runId
})
afterAll(async () => {
  await Promise.all([here?.stop(), there?.stop()])
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

interface Agent {
  readonly id: string
  readonly credentialId: string
  readonly secret: string
  readonly token: string
}

let count = 0
async function logIn(): Promise<Agent> {
  const { id } = await here.post<{ id: string }>('/api/v1/agents', { name: `agent-${++count}`, scopes: OPEN_SCOPES })
  const made = await here.post<{ id: string; secret: string }>(`/api/v1/agents/${id}/credentials`, { name: 'only' })
  const issued = await here.post<{ access_token: string }>('/auth/token', { agent_id: id, credentials: made.secret })
  return { id, credentialId: made.id, secret: made.secret, token: issued.access_token }
}

const patch = (id: string, body: object) =>
  here.fetch(`/api/v1/agents/${id}`, {
    method: 'PATCH',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })

/** Each with the problem that open calls and new requests end with. */
const ENDINGS: Readonly<Record<string, { readonly code: string; readonly end: (agent: Agent) => Promise<Response> }>> = {
  'it is suspended': { code: 'unauthenticated', end: ({ id }) => patch(id, { suspended: true }) },
  'it is deleted': { code: 'unauthenticated', end: ({ id }) => here.fetch(`/api/v1/agents/${id}`, { method: 'DELETE' }) },
  'its credential is revoked': {
    code: 'unauthenticated',
    end: ({ id, credentialId }) => here.fetch(`/api/v1/agents/${id}/credentials/${credentialId}`, { method: 'DELETE' }),
  },
  'its token is revoked': {
    code: 'unauthenticated',
    end: ({ token }) => here.fetch('/api/v1/tokens/revoke', { method: 'POST', headers: { authorization: `Bearer ${token}` } }),
  },
  'its scopes are narrowed': { code: 'forbidden', end: ({ id }) => patch(id, { scopes: ['workers:read'] }) },
}

const CASES = Object.keys(ENDINGS).flatMap((ending) =>
  OPEN_CALLS.flatMap((what) => (['this server', 'another server'] as const).map((where) => [what, where, ending] as const)),
)

test.for(CASES)('%s of an agent at %s ends within five seconds after %s', async ([what, where, ending]) => {
  const agent = await logIn()
  const server = where === 'another server' ? there : here
  const { code, end } = ENDINGS[ending] ?? { code: '', end: () => Promise.reject(new Error(ending)) }
  const ended = openCall(what, { url: server.url, key: agent.token, runId })
  // The token has been looked up, so it is cached from now on.
  await expect.poll(() => lastSeen(agent.id)).not.toBeNull()
  expect(await status(server, agent.token)).toBe(200)
  expect((await end(agent)).status).toBe(200)
  const endedAt = performance.now()
  await expect.poll(() => status(server, agent.token), { timeout: PROMISED_MS, interval: 200 }).toBe(code === 'forbidden' ? 403 : 401)
  const text = await ended
  expect(performance.now() - endedAt).toBeLessThan(PROMISED_MS)
  if (what !== ('an event stream' satisfies OpenCall)) expect(text).toContain(code)
})

const status = async ({ url }: TestServer, token: string) =>
  (await fetch(`${url}/api/v1/runs?limit=1`, { headers: { authorization: `Bearer ${token}` } })).status

async function lastSeen(id: string): Promise<string | null> {
  return (await here.json<{ lastSeenAt: string | null }>(`/api/v1/agents/${id}`)).lastSeenAt
}
