/** A stop of the whole server while clients hold streams, kept-alive connections and waits open. */
import { Agent, get, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { PROJECT, startTestServer, type TestServer } from './testing/start-test-server.fixture.ts'

/** Less than the grace of a stop, 10 s: streams and waits end at once. */
const SOON_MS = 9_000

let database: TestDatabase
let key: string
beforeAll(async () => {
  database = await createTestDatabase()
  const first = await startTestServer(database.url)
  key = first.key
  await first.stop()
})
afterAll(() => database?.drop())

const start = () => startTestServer(database.url, ['--project', PROJECT], { key })

function ask(server: TestServer, path: string, agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`${server.url}${path}`, { agent, headers: { authorization: `Bearer ${key}` } }, resolve).once('error', reject)
  })
}

test('refuses a stream that a client reopens during a stop, and closes its connection', async () => {
  const server = await start()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const answers: { status: number | undefined; connection: string | undefined; body: string }[] = []
  const follow = async (): Promise<void> => {
    for (;;) {
      const answer = await ask(server, '/api/v1/events/stream', agent)
      let body = ''
      for await (const chunk of answer) body += String(chunk)
      answers.push({ status: answer.statusCode, connection: answer.headers.connection, body })
    }
  }
  const following = follow().catch((error: NodeJS.ErrnoException) => error.code)
  await expect.poll(async () => (await fetch(`${server.url}/metrics`)).text()).toContain('orrery_event_streams 1')
  const begun = performance.now()
  await server.stop()
  expect(performance.now() - begun).toBeLessThan(SOON_MS)
  expect(await following).toMatch(/ECONNREFUSED|ECONNRESET/)
  const [ended, ...refused] = answers
  expect(ended?.status).toBe(200)
  for (const answer of refused) {
    expect(answer).toMatchObject({ status: 503, connection: 'close', body: expect.stringContaining('"code":"unavailable"') })
  }
  expect(refused.length).toBeLessThanOrEqual(1)
})

test('answers a client that waits for a result at once with `done: false`', async () => {
  const server = await start()
  const { runId } = await server.post<{ runId: string }>('/api/v1/runs', { workflow: 'wait-for-word' })
  const waiting = server.json(`/api/v1/runs/${runId}/result?timeout=50s`)
  await expect.poll(async () => (await server.json<{ status: string }>(`/api/v1/runs/${runId}`)).status).toBe('waiting')
  const begun = performance.now()
  await server.stop()
  expect(performance.now() - begun).toBeLessThan(SOON_MS)
  expect(await waiting).toMatchObject({ runId, done: false, status: 'waiting' })
})
