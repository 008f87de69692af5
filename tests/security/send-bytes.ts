/** Malformed HTTP, which HTTP clients cannot send, as bytes on a connection. */
import { connect } from 'node:net'

const post = (headers: string, body = '') =>
  `POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer KEY\r\nContent-Type: application/json\r\n${headers}\r\n${body}`

export const HTTP_NONSENSE: Readonly<Record<string, string>> = {
  'text that is not HTTP': 'hello\r\n\r\n',
  'another protocol': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'two lengths': post('Content-Length: 2\r\nContent-Length: 20\r\n', '{}'),
  'a length and chunks': post('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
  'a negative length': post('Content-Length: -1\r\n', '{}'),
  'an unknown transfer encoding': post('Transfer-Encoding: xchunked\r\n', '{}'),
  'malformed chunks': post('Transfer-Encoding: chunked\r\n', 'zz\r\n{}\r\n0\r\n\r\n'),
  'a header in two lines': post('X-A: 1\r\n  GET / HTTP/1.1\r\nContent-Length: 2\r\n', '{}').replace('POST /api/v1/runs', 'POST /nowhere'),
  'a header without a name': post(': 1\r\nContent-Length: 2\r\n', '{}'),
  'a NUL in a header': post('X-A: \0\r\nContent-Length: 2\r\n', '{}'),
  'endless headers': post(`X-A: ${'a'.repeat(100_000)}\r\n`),
  'an endless URL': `GET /api/v1/runs/${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  'a NUL in the URL': 'GET /api/v1/runs/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'no host': 'GET /api/v1/runs HTTP/1.1\r\n\r\n',
  'two hosts': 'GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n',
  'a foreign host': 'GET /api/v1/runs HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer KEY\r\n\r\n',
  'an invalid host': 'GET /api/v1/runs HTTP/1.1\r\nHost: a b@c/%\r\nAuthorization: Bearer KEY\r\n\r\n',
  'an invalid URL': 'GET http://[::bad/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'an absolute URL of a foreign host': 'GET http://evil.example/api/v1/runs HTTP/1.1\r\nHost: evil.example\r\n\r\n',
  'an asterisk': 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'a tunnel (CONNECT)': 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n',
  'an unsupported upgrade': 'GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  'an unknown HTTP version': 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n',
  'a body cut off': post('Content-Length: 2000\r\n', '{"workflow":'),
}

/** Sends the bytes, closes the sending side, and returns everything the server sends until the connection closes. */
export function sendBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    socket.setTimeout(10_000, () => socket.destroy(new Error('The server neither answers nor closes')))
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      answer += text
    })
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(answer) : reject(error),
    )
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(answer))
    socket.end(Buffer.from(bytes, 'latin1'))
  })
}
