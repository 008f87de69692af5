/** After a request is refused before its body was read, the connection either answers the next request or announces that it closes. */
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEchoServer, KEY } from '../testing/echo-backend.fixture.ts'
import { type Listener, listen } from './listen.ts'

let listener: Listener
beforeAll(async () => {
  listener = await listen(createEchoServer().app.fetch, '127.0.0.1', 0)
})
afterAll(() => listener.stop(100))

const TYPE = 'Content-Type: application/json\r\n'
const post = (path: string, headers: string, body: string) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${TYPE}${headers}\r\n${body}`
const whole = (path: string, key: string, bytes: number) =>
  post(path, `Authorization: Bearer ${key}\r\nContent-Length: ${bytes}\r\n`, 'x'.repeat(bytes))
const chunked = (path: string, key: string, bytes: number) => {
  const body = `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`
  return post(path, `Authorization: Bearer ${key}\r\nTransfer-Encoding: chunked\r\n`, body)
}

/**
 * Sends `first`, and `then` after the first answer. Returns everything received up to the `count`th answer or the end of the
 * connection.
 */
function converse(first: string, then: string, count: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    let sent = false
    const socket: Socket = connect({ host: '127.0.0.1', port: listener.port })
    socket.setEncoding('latin1').on('data', (text) => {
      received += text
      const answers = received.match(/HTTP\/1\.1 \d{3}/g) ?? []
      if (answers.length > 0 && !sent) {
        sent = true
        socket.write(then)
      }
      if (answers.length === count) resolve(received)
    })
    socket.on('error', reject).on('close', () => resolve(received))
    socket.write(first)
  })
}

const FACES = ['/api/v1/echoes/7', '/trpc/echoes.make', '/mcp', '/api/v1/tasks', '/nowhere']
const WRONG = KEY.replace('A', 'B')

for (const [form, encode] of Object.entries({ whole, chunked })) {
  test.for(FACES.flatMap((path) => [KEY, WRONG].map((key) => [path, key] as const)))(
    `answers the next request after a ${form} body was refused at %s`,
    async ([path, key]) => {
      const next = post('/api/v1/echoes/7', `Authorization: Bearer ${KEY}\r\nContent-Length: 18\r\n`, '{"words":["next"]}')
      const received = await converse(encode(path, key, 3_000_000), next, 2)
      expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual([expect.stringMatching(/4\d\d$/), 'HTTP/1.1 201'])
    },
  )
}

test('answers without waiting for a body that does not arrive, and announces that the connection closes', async () => {
  const received = await converse(post('/nowhere', 'Content-Length: 3000000\r\n', '{'), '', 2)
  expect(received).toMatch(/^HTTP\/1\.1 404/)
  expect(received).toMatch(/\r\nconnection: close\r\n/i)
})
