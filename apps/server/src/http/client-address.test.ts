import { expect, test } from 'vitest'
import { isAddressOrRange } from '../setting-shapes.ts'
import { createClientAddress } from './client-address.ts'
import type { ServerContext } from './request-info.ts'

const requestFrom = (remoteAddress: string | undefined, forwarded?: string) =>
  ({
    env: remoteAddress === undefined ? undefined : { incoming: { socket: { remoteAddress } } },
    req: { raw: new Request('http://localhost/', { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) },
  }) as unknown as ServerContext

test.for([
  ['a client without a proxy', '203.0.113.5', undefined, '203.0.113.5'],
  ['a client that pretends to be forwarded', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
  ['a client of a trusted proxy', '10.0.0.3', '198.51.100.1', '198.51.100.1'],
  ['a client of a trusted proxy that pretends to be another', '10.0.0.3', '192.0.2.1, 198.51.100.1', '198.51.100.1'],
  ['a client of two trusted proxies', '::1', '198.51.100.1, 10.1.2.3', '198.51.100.1'],
  ['a client over IPv6', '::ffff:10.0.0.3', '2001:db8::7', '2001:db8::7'],
  ['a proxy that forwards nothing', '10.0.0.3', undefined, '10.0.0.3'],
  ['a proxy that forwards nonsense', '10.0.0.3', '198.51.100.1, unknown', '10.0.0.3'],
  ['no socket', undefined, '198.51.100.1', null],
] as const)('reads the address of %s', ([, socket, forwarded, expected]) => {
  expect(createClientAddress(['10.0.0.0/8', '::1'])(requestFrom(socket, forwarded))).toBe(expected)
})

test.for([
  ['127.0.0.1', true],
  ['10.0.0.0/8', true],
  ['fd00::/8', true],
  ['10.0.0.0/33', false],
  ['proxy.example', false],
  ['10.0.0.0/8/8', false],
  ['', false],
] as const)('%s is an address or a range: %s', ([text, expected]) => expect(isAddressOrRange(text)).toBe(expected))
