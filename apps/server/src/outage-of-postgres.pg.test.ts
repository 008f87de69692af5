/** A PostgreSQL that is stopped, started again, and out of connections, with a server on it. Goal: 503 and never 500, and a whole recovery. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedPostgres, startPostgres } from '../../../packages/embedded-postgres/src/start-postgres.ts'
import { eventually } from '../../../tests/support/eventually.ts'
import { PROJECT, startTestServer, type TestServer } from './testing/start-test-server.fixture.ts'

const CONNECTIONS = 60

let dataDir: string
let postgres: EmbeddedPostgres
let server: TestServer

const startDatabase = () => startPostgres({ dataDir, settings: { fsync: false, max_connections: CONNECTIONS } })

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'orrery-outage-'))
  postgres = await startDatabase()
  server = await startTestServer(postgres.url, ['--project', PROJECT])
})
afterAll(async () => {
  await server?.stop()
  await postgres?.stop()
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
})

const start = (name: string) =>
  server.fetch('/api/v1/runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ workflow: 'greet', input: { name } }),
  })
const requests = [() => server.fetch('/api/v1/runs'), () => server.fetch('/api/v1/keys'), () => server.fetch('/tasks'), () => start('x')]
const askAll = async () => {
  const answers = await Promise.all(requests.map((ask) => ask()))
  return answers.map(({ status, headers }) => [status, headers.get('retry-after')] as const)
}
const statuses = async () => new Set((await askAll()).map(([status]) => status))

async function expectRecovery(): Promise<void> {
  await eventually(statuses, (seen) => [...seen].every((status) => status < 300), 60_000)
  const { runId } = (await (await start('Ada')).json()) as { runId: string }
  expect(await server.json(`/api/v1/runs/${runId}/result?timeout=30s`)).toMatchObject({ status: 'succeeded' })
  await eventually(
    () => fetch(`${server.url}/health`),
    ({ status }) => status === 200,
    30_000,
  )
}

/** Asks until every request of a round was refused: until then, requests of the round were answered before. */
async function expectRefusals(): Promise<void> {
  await eventually(
    async () => {
      const answers = await askAll()
      for (const [status, retryAfter] of answers) expect(status < 300 || (status === 503 && retryAfter !== null), `${status}`).toBe(true)
      return answers
    },
    (answers) => answers.every(([status]) => status === 503),
    60_000,
  )
}

test('answers with 503 while PostgreSQL restarts, and works again afterwards', async () => {
  await expectRecovery()
  await postgres.stop()
  await expectRefusals()
  expect(
    await eventually(
      async () => (await fetch(`${server.url}/health`)).status,
      (status) => status === 503,
    ),
  ).toBe(503)
  postgres = await startDatabase()
  await expectRecovery()
})

test('answers with 503 while PostgreSQL has no connection left', async () => {
  const hogs: pg.Client[] = []
  const admin = new pg.Client({ connectionString: postgres.adminUrl })
  await admin.connect()
  const hog = async (): Promise<void> => {
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'orrery' and backend_type = 'client backend'`)
    for (let opened = hogs.length; opened < CONNECTIONS; opened++) {
      const client = new pg.Client({ connectionString: postgres.adminUrl })
      client.on('error', () => undefined)
      try {
        await client.connect()
      } catch {
        // No connection is left.
        return
      }
      hogs.push(client)
    }
  }
  // The server may take a connection between the two.
  await eventually(
    async () => {
      await hog()
      return (await askAll()).map(([status]) => status)
    },
    (seen) => {
      for (const status of seen) expect(status).toBeOneOf([200, 201, 503])
      return seen.every((status) => status === 503)
    },
    60_000,
  )
  await Promise.all(hogs.map((client) => client.end()))
  await admin.end()
  await expectRecovery()
})
