import { type ProblemError, problem } from '@orrery/contract'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { readRequestInfo, type ServerEnv } from '../http/request-info.ts'
import { createEchoServer, KEY } from '../testing/echo-backend.fixture.ts'
import { endlessTail } from '../testing/endless-tail.fixture.ts'
import { createEventFace, type EventFaceOptions, type EventTail } from './stream-events.ts'

async function open(tail: EventTail, options: EventFaceOptions, query = '', method = 'GET') {
  const server = createEchoServer()
  let refused: ProblemError | null = null
  const backend: typeof server.backend = {
    ...server.backend,
    identify: async (caller, permission) => {
      if (refused !== null) throw refused
      return server.backend.identify(caller, permission)
    },
  }
  const face = createEventFace(backend, tail, options)
  const app = new Hono<ServerEnv>().get('/stream', (context) => {
    context.set('info', readRequestInfo(context.req.raw))
    return face(context)
  })
  const response = await app.request(`/stream${query}`, { method, headers: { authorization: `Bearer ${KEY}` } })
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
  const read = async () => {
    const { value } = await reader.read()
    return value === undefined ? null : Buffer.from(value).toString()
  }
  /** The next heartbeat with a cursor. On a busy machine the first events may come later than the first beat. */
  const readCursor = async () => {
    for (let block = await read(); ; block = await read()) if (block !== ': still here\n\n') return block
  }
  return {
    response,
    read,
    readCursor,
    refuse: (why: ProblemError) => (refused = why),
    openStreams: async () => (await backend.metrics.render()).text,
  }
}

test('buffers one event for a client that reads nothing, then disconnects it', async () => {
  const tail = endlessTail()
  const stream = await open(tail, { stallMs: 50 })
  expect(await stream.read()).toBe('retry: 1000\nid: 1-0\n\n')
  await tail.ended
  expect(tail.yielded()).toBeLessThanOrEqual(2)
  expect(await stream.read()).toContain('id: 2-1')
  expect(await stream.read()).toBeNull()
  expect(await stream.openStreams()).toContain('orrery_event_streams 0')
})

test('sends the current cursor as a heartbeat to a client whose filter matches none of many events', async () => {
  const stream = await open(endlessTail(), { beatMs: 20 }, '?type=run.failed')
  await stream.read()
  expect(await stream.readCursor()).toMatch(/^id: 2-\d+\n\n$/)
})

test('ends the stream of a revoked key while many events arrive', async () => {
  const tail = endlessTail()
  const stream = await open(tail, { checkMs: 20 })
  await stream.read()
  stream.refuse(problem('unauthenticated', 'Revoked.'))
  for (let block = await stream.read(); block !== null; block = await stream.read()) expect(block).not.toBe('')
  await tail.ended
})

test('keeps the stream open when the key is rate limited or the database is unavailable for a moment', async () => {
  const stream = await open(endlessTail(), { beatMs: 20, checkMs: 20 }, '?type=run.failed')
  await stream.read()
  for (const why of [problem('rate_limited', 'Slowly.', { retryAfterMs: 1000 }), problem('unavailable', 'In a moment.')]) {
    stream.refuse(why)
    for (let beat = 0; beat < 3; beat++) expect(await stream.readCursor()).toMatch(/^id: 2-\d+\n\n$/)
  }
})

test('answers HEAD without opening a stream', async () => {
  const stream = await open(endlessTail(), {}, '', 'HEAD')
  expect([stream.response.status, stream.response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  expect(await stream.openStreams()).toContain('orrery_event_streams 0')
})
