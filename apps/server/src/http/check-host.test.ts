import { expect, test } from 'vitest'
import { createHostCheck } from './check-host.ts'

const check = createHostCheck({
  allowedHosts: ['Orrery.internal'],
  publicUrl: 'https://orrery.example.com',
  corsOrigins: ['https://app.example.com'],
})
const request = (host: string, origin?: string) =>
  new Request('http://x/', { headers: { host, ...(origin === undefined ? {} : { origin }) } })

test.each(['localhost:8787', '127.0.0.1:8787', '[::1]:8787', '10.0.0.7', 'orrery.example.com', 'orrery.internal:80'])(
  'accepts the host %s',
  (host) => {
    expect(() => check(request(host))).not.toThrow()
  },
)

test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:8787', 'a b', ''])(
  'refuses the host "%s", which DNS rebinding could send',
  (host) => {
    expect(() => check(request(host))).toThrow(/host_not_allowed/)
  },
)

test.each(['https://app.example.com', 'https://orrery.example.com', 'http://localhost:8787'])('accepts the origin %s', (origin) => {
  expect(() => check(request('localhost:8787', origin))).not.toThrow()
})

test.each(['https://evil.example', 'null', 'http://localhost:3000', 'https://app.example.com.evil.example'])(
  'refuses the origin %s',
  (origin) => {
    expect(() => check(request('localhost:8787', origin))).toThrow(/host_not_allowed/)
  },
)
