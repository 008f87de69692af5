/**
 * Limits of time and size against hostile servers: raw TCP servers on this machine that send slowly, endlessly, or something that is not
 * HTTP.
 */
import type { Socket } from 'node:net'
import { brotliCompressSync, constants, createGzip, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { fetchOutside } from './fetch-outside.ts'
import { openOutside } from './open-outside.ts'
import { readOutsideAllow } from './outside-allow.ts'
import type { OutsidePolicy } from './outside-policy.ts'
import { failureOf, listenHttp, listenRaw, policyOf } from './testing/listen.fixture.ts'

const policy: OutsidePolicy = { ...policyOf(readOutsideAllow('127.0.0.1')), answerBytesMax: 100_000 }
const head = 'HTTP/1.1 200 OK\r\n'

/** Writes a piece every few milliseconds until the connection closes, as a hostile server could. */
function dribble(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 5)
  socket.once('close', () => clearInterval(timer))
  onTestFinished(() => clearInterval(timer))
}

/** Writes as fast as the other side reads, until the connection closes. Resolves with the number of bytes. */
function flood(socket: Socket, piece: string | Buffer): Promise<number> {
  return new Promise((resolve) => {
    let bytes = 0
    const more = () => {
      do bytes += piece.length
      while (!socket.destroyed && socket.write(piece))
    }
    socket.on('drain', more)
    socket.once('close', () => resolve(bytes))
    more()
  })
}

async function failureFrom(act: (socket: Socket) => void, changes: Partial<OutsidePolicy> = {}) {
  const port = await listenRaw(act)
  return failureOf(
    fetchOutside({ url: `http://127.0.0.1:${port}/secret-path?key=hunter2`, headers: { 'x-key': 'hunter2' } }, { ...policy, ...changes }),
  )
}

test.each([
  ['nothing at all', '', ''],
  ['a status line, character by character', 'HTTP/1.1 200 ', 'O'],
  ['a header, character by character', `${head}x-slow: `, 'a'],
  ['endless interim answers', '', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
])('times out when the headers are not complete in time: %s', async (_name, first, piece) => {
  const error = await failureFrom(
    (socket) => {
      socket.write(first)
      dribble(socket, piece)
    },
    { headersMs: 100 },
  )
  expect([error.reason, error.message]).toEqual(['timeout', '127.0.0.1 took longer than 100 ms to send headers'])
})

test.each([
  ['a body shorter than its length', 'content-length: 5000\r\n\r\n', 'x'],
  ['endless chunks', 'transfer-encoding: chunked\r\n\r\n', '1\r\nx\r\n'],
  ['endless trailers', 'transfer-encoding: chunked\r\n\r\n0\r\nx: ', 'x'],
  ['a compressed body that stalls', 'content-encoding: gzip\r\n\r\n', ''],
])('times out when the whole answer is not complete in time: %s', async (_name, first, piece) => {
  const error = await failureFrom(
    (socket) => {
      socket.write(head + first)
      dribble(socket, piece)
    },
    { totalMs: 200 },
  )
  expect([error.reason, error.message]).toEqual(['timeout', '127.0.0.1 took longer than 200 ms to answer'])
})

test('applies one total time limit to all redirects together', async () => {
  const port = await listenRaw((socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: /again\r\n\r\n'))
  const error = await failureOf(fetchOutside({ url: `http://127.0.0.1:${port}/` }, { ...policy, totalMs: 150, redirectsMax: 1_000_000 }))
  expect(error.reason).toBe('timeout')
})

test('times out when a resolver or a TLS handshake never answers', async () => {
  const silent = { ...policy, connectMs: 50, resolve: () => new Promise<never>(() => undefined) }
  expect((await failureOf(fetchOutside({ url: 'http://silent.test/' }, silent))).message).toBe(
    'silent.test took longer than 50 ms to connect',
  )
  const port = await listenRaw(() => undefined)
  const error = await failureOf(fetchOutside({ url: `https://127.0.0.1:${port}/` }, { ...policy, connectMs: 100 }))
  expect([error.reason, error.message]).toEqual(['timeout', '127.0.0.1 took longer than 100 ms to connect'])
})

test.each([
  ['with no length', '\r\n', Buffer.alloc(50_000, 'x')],
  ['in chunks', 'transfer-encoding: chunked\r\n\r\n', '400\r\n'.padEnd(1_029, 'x').concat('\r\n')],
  ['of empty gzip members', 'content-encoding: gzip\r\n\r\n', Buffer.concat(Array.from({ length: 1_000 }, () => gzipSync('')))],
])('stops reading an endless body %s at the limit', async (_name, first, piece) => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const error = await failureFrom((socket) => {
    socket.write(head + first)
    resolve(flood(socket, piece))
  })
  expect([error.reason, error.message]).toEqual(['size', 'The answer of 127.0.0.1 is larger than 100000 bytes'])
  // The buffers of the operating system on both sides add some megabytes. Without the limit the server would send without end.
  expect(await promise).toBeLessThan(20_000_000)
})

test('rejects a content length beyond the limit before it reads the body', async () => {
  const error = await failureFrom((socket) => socket.write(`${head}content-length: 100001\r\n\r\n`))
  expect(error.reason).toBe('size')
})

test('stops decoding a compression bomb when the decoded size passes the limit', async () => {
  const zeros = Buffer.alloc(50_000_000)
  const bombs = { gzip: gzipSync(zeros), br: brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }) }
  for (const [coding, bomb] of Object.entries(bombs)) {
    expect(bomb.length).toBeLessThan(policy.answerBytesMax)
    const before = process.memoryUsage().arrayBuffers
    const error = await failureFrom((socket) => {
      socket.write(`${head}content-encoding: ${coding}\r\ncontent-length: ${bomb.length}\r\n\r\n`)
      socket.write(bomb)
    })
    expect([coding, error.reason]).toEqual([coding, 'size'])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
  }
})

test('rejects nested encodings, unknown encodings, and bodies that cannot be decoded', async () => {
  const twice = gzipSync(gzipSync(Buffer.alloc(1_000_000)))
  const send = (coding: string, body: Buffer) =>
    failureFrom((socket) => socket.end(Buffer.concat([Buffer.from(`${head}content-encoding: ${coding}\r\n\r\n`), body])))
  expect((await send('gzip, gzip', twice)).message).toBe('The answer of 127.0.0.1 has an encoding that was not requested')
  expect((await send('constructor', twice)).reason).toBe('answer')
  expect((await send('gzip', Buffer.from('plain hunter2'))).message).toBe('The answer of 127.0.0.1 cannot be decoded (Z_DATA_ERROR)')
  expect((await send('br', Buffer.from('plain hunter2, and more of it'))).message).toMatch(
    /^The answer of 127.0.0.1 cannot be decoded \(ERR_/,
  )
  expect((await send('gzip', twice.subarray(0, -5))).message).toBe('The answer of 127.0.0.1 cannot be decoded (Z_BUF_ERROR)')
})

test.each([
  ['more headers than allowed', 'x: y\r\n'.repeat(101), 'size'],
  ['longer headers than allowed', `x: ${'y'.repeat(40_000)}\r\n`, 'answer'],
  ['5,000 headers', 'x: y\r\n'.repeat(5_000), 'size'],
  ['a header without a colon', 'no colon\r\n', 'answer'],
  ['two lengths', 'content-length: 1\r\ncontent-length: 2\r\n', 'answer'],
  ['a length and chunks', 'content-length: 1\r\ntransfer-encoding: chunked\r\n', 'answer'],
])('rejects an answer with %s', async (_name, headers, reason) => {
  const error = await failureFrom((socket) => socket.end(`${head}${headers}\r\n`))
  expect(error.reason).toBe(reason)
})

test('stops reading a flood of headers instead of collecting them', async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const error = await failureFrom((socket) => {
    socket.write(head)
    resolve(flood(socket, 'x-flood: yyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(100)))
  })
  expect(error.reason).toBe('answer')
  expect(await promise).toBeLessThan(20_000_000)
})

test('fails when a connection breaks or uses another protocol, with an error that does not contain the request', async () => {
  const errors = [
    await failureFrom((socket) => socket.destroy()),
    await failureFrom((socket) => socket.end()),
    await failureFrom((socket) => socket.end(`${head}content-length: 10\r\n\r\nhalf`)),
    await failureFrom((socket) => socket.end(`${head}transfer-encoding: chunked\r\n\r\n5\r\nhal`)),
    await failureFrom((socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')),
    await failureFrom((socket) => socket.end('220 smtp.test ESMTP\r\n')),
    await failureFrom((socket) => socket.end('HTTP/1.1 999 Odd\r\n\r\n')),
  ]
  expect(errors.map((error) => error.reason)).toEqual([
    'connection',
    'connection',
    'connection',
    'connection',
    'connection',
    'answer',
    'answer',
  ])
  for (const error of errors) expect(JSON.stringify(error) + error.stack).not.toMatch(/hunter2|secret-path/)
})

test('fails at once when the caller aborts, before the request starts and while the body is read', async () => {
  const port = await listenRaw((socket) => socket.write(`${head}content-length: 10\r\n\r\nhalf`))
  const request = { url: `http://127.0.0.1:${port}/` }
  expect((await failureOf(fetchOutside({ ...request, signal: AbortSignal.abort() }, policy))).reason).toBe('stopped')
  const controller = new AbortController()
  const { body } = await openOutside({ ...request, signal: controller.signal }, policy)
  const stopAtFirst = async () => {
    for await (const _chunk of body) controller.abort()
  }
  expect((await failureOf(stopAtFirst())).reason).toBe('stopped')
})

test('closes the connection when the caller destroys the body', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const port = await listenHttp((_request, response) => {
    response.once('close', resolve)
    response.writeHead(200, { 'content-encoding': 'gzip' })
    const gzip = createGzip()
    gzip.pipe(response)
    gzip.write('half')
    gzip.flush()
  })
  const { body } = await openOutside({ url: `http://127.0.0.1:${port}/` }, policy)
  body.destroy()
  await promise
})
