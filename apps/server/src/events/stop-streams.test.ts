/** Event streams over real sockets while the server stops. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { listen } from '../http/listen.ts'
import { readRequestInfo, type ServerEnv } from '../http/request-info.ts'
import { createEchoServer, KEY } from '../testing/echo-backend.fixture.ts'
import { endlessTail } from '../testing/endless-tail.fixture.ts'
import { createEventFace } from './stream-events.ts'

/** How long a stop waits for requests in progress. */
const WAIT_MS = 20_000

test('stops without waiting for a client that reads nothing', async () => {
  const tail = endlessTail('x'.repeat(10_000))
  const stopping = new AbortController()
  const face = createEventFace(createEchoServer().backend, tail, { stopping: stopping.signal })
  const app = new Hono<ServerEnv>().get('/stream', (context) => {
    context.set('info', readRequestInfo(context.req.raw))
    return face(context)
  })
  const listener = await listen(app.fetch, '127.0.0.1', 0)
  const socket = connect(listener.port, '127.0.0.1').pause()
  socket.on('error', () => undefined)
  socket.write(`GET /stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEY}\r\n\r\n`)
  await untilSteady(tail.yielded)
  const begun = performance.now()
  stopping.abort()
  await listener.stop(WAIT_MS)
  expect(performance.now() - begun).toBeLessThan(WAIT_MS)
  await tail.ended
  socket.resume()
  await once(socket, 'close')
}, 30_000)

/** Waits until the number has grown and then stayed the same: all buffers between the server and the client are full. */
async function untilSteady(read: () => number): Promise<void> {
  let before = -1
  await expect
    .poll(
      () => {
        const steady = before === read() && before > 0
        before = read()
        return steady
      },
      { interval: 200, timeout: 20_000 },
    )
    .toBe(true)
}
