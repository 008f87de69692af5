/**
 * Goal: a client of the event stream gets each event of its organization once and in order. Uses one or two whole servers on
 * one database.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { PROJECT, startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

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

interface Said {
  readonly id: string
  readonly event: string
  readonly data: { readonly id: string; readonly type: string; readonly subject: string }
}

interface Follower {
  readonly said: Said[]
  /** The last id, as a browser would remember it. */
  lastId(): string
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>
  close(): void
}

/** A minimal EventSource: one field per line, and an empty line ends an event. */
async function follow(at: TestServer, query = '', lastEventId?: string): Promise<Follower> {
  const abort = new AbortController()
  const response = await at.fetch(`/api/v1/events/stream${query}`, {
    signal: abort.signal,
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  const said: Said[] = []
  let last = ''
  const read = async (): Promise<void> => {
    let rest = ''
    for await (const text of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
        last = fields.get('id') ?? last
        const data = fields.get('data')
        if (data !== undefined) said.push({ id: last, event: fields.get('event') ?? '', data: JSON.parse(data) })
      }
    }
  }
  const ended = read().catch((error: Error) => {
    if (error.name !== 'AbortError' && !/terminated/.test(error.message)) throw error
  })
  await expect.poll(() => last, { timeout: 10_000 }).not.toBe('')
  return { said, lastId: () => last, ended, close: () => abort.abort() }
}

const start = async (at: TestServer) =>
  (await at.post<{ runId: string }>('/api/v1/runs', { workflow: 'greet', input: { name: 'x' } })).runId
const subjects = (follower: Follower, type: string) => follower.said.filter((one) => one.event === type).map((one) => one.data.subject)

test('sends events as they happen, and only those of the requested types', async () => {
  const all = await follow(server)
  const finished = await follow(server, '?type=run.succeeded')
  const run = await start(server)
  await expect.poll(() => subjects(all, 'run.succeeded'), { timeout: 10_000 }).toContain(run)
  await expect.poll(() => subjects(finished, 'run.succeeded'), { timeout: 10_000 }).toContain(run)
  expect(subjects(all, 'run.started')).toContain(run)
  expect(new Set(finished.said.map((one) => one.event))).toEqual(new Set(['run.succeeded']))
  expect(all.said.every((one) => one.id === one.data.id && one.event === one.data.type)).toBe(true)
  all.close()
  finished.close()
})

test('resumes after a restart and on another process without a gap or a repetition', async () => {
  const second = await startTestServer(database.url, ['--roles', 'api'], server)
  const before = await follow(server)
  const first = await start(server)
  await expect.poll(() => subjects(before, 'run.succeeded'), { timeout: 10_000 }).toContain(first)
  const lastId = before.lastId()

  await server.stop()
  await before.ended
  const meanwhile = await start(second)
  server = await startTestServer(database.url, ['--project', PROJECT], second)

  const followers = [await follow(server, '', lastId), await follow(second, `?cursor=${lastId}`)]
  const after = await start(second)
  for (const follower of followers) {
    await expect.poll(() => subjects(follower, 'run.succeeded'), { timeout: 15_000 }).toContain(after)
    expect(subjects(follower, 'run.started')).toEqual([meanwhile, after])
    expect(subjects(follower, 'run.started')).not.toContain(first)
    expect(new Set(follower.said.map((one) => one.id)).size).toBe(follower.said.length)
    follower.close()
  }
  expect(followers[0]?.said.map((one) => one.id)).toEqual(followers[1]?.said.map((one) => one.id))
  await second.stop()
})

test('resumes a client that was disconnected before its first event', async () => {
  const follower = await follow(server)
  const place = follower.lastId()
  follower.close()
  const run = await start(server)
  const again = await follow(server, '', place)
  await expect.poll(() => subjects(again, 'run.started'), { timeout: 10_000 }).toContain(run)
  again.close()
})

test('sends the whole log from its start with cursor=start', async () => {
  const follower = await follow(server, '?cursor=start&type=workflow.deployed')
  await expect.poll(() => follower.said.length, { timeout: 10_000 }).toBeGreaterThan(0)
  follower.close()
})

test('hides events from other organizations, and answers a key without the scope with a problem', async () => {
  const other = await server.post<{ secret: string }>('/api/v1/orgs', { name: `other-${Date.now()}` })
  const stranger = await follow(
    {
      ...server,
      fetch: (path, init = {}) =>
        fetch(`${server.url}${path}`, { ...init, headers: { ...(init.headers as object), authorization: `Bearer ${other.secret}` } }),
    },
    '?cursor=start',
  )
  const own = await follow(server)
  const run = await start(server)
  await expect.poll(() => subjects(own, 'run.succeeded'), { timeout: 10_000 }).toContain(run)
  expect(stranger.said.map((one) => one.data.subject)).not.toContain(run)
  stranger.close()
  own.close()
  const narrow = await server.post<{ secret: string }>('/api/v1/keys', { name: 'narrow', scopes: ['runs:read'] })
  const refused = await fetch(`${server.url}/api/v1/events/stream`, { headers: { authorization: `Bearer ${narrow.secret}` } })
  expect([refused.status, await refused.json()]).toMatchObject([403, { permission: 'events:read' }])
})

test.each(['?cursor=yesterday', '?cursor=99999999999999999999-1', '?tpye=run.started'])('refuses the query %s', async (query) => {
  const response = await server.fetch(`/api/v1/events/stream${query}`)
  expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid_input' }])
})

test('ends open streams at once when the server stops', async () => {
  const other = await startTestServer(database.url, ['--roles', 'api'], server)
  const follower = await follow(other)
  const begun = performance.now()
  await other.stop()
  await follower.ended
  expect(performance.now() - begun).toBeLessThan(9_000)
})
