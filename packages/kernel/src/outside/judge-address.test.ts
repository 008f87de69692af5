/** Every special address range with its first and last addresses and with the neighbours outside of it, and the operator's allow list. */
import { expect, test } from 'vitest'
import { type AddressKind, judgeAddress } from './judge-address.ts'
import { findAllowed, readOutsideAllow } from './outside-allow.ts'

const samples: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.169.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
  ].concat([
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450::1',
    '::ffff:1.1.1.1',
    '64:ff9b::101:101',
    '2001:4860:4860::8888',
  ]),
  loopback: [
    '127.0.0.1',
    '127.255.255.255',
    '0.0.0.0',
    '0.1.2.3',
    '::1',
    '::',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::127.0.0.1',
  ].concat(['::ffff:0.0.0.0', '64:ff9b::', '0000:0000:0000:0000:0000:ffff:7f00:0001']),
  private: [
    '10.0.0.0',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.0',
    '100.127.255.255',
    'fc00::1',
    'fdff::1',
    'fec0::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
  ],
  'link-local': ['169.254.0.1', '169.254.255.255', 'fe80::1', 'febf::1', '::ffff:169.254.1.1'],
  metadata: [
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    '169.254.170.2',
    '169.254.170.23',
    'fd20:ce::254',
    'fd00:ec2::23',
  ],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1', '::ffff:224.0.0.1'],
  reserved: [
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '255.255.255.255',
    '2001:db8::1',
    '2002:7f00:1::',
  ].concat([
    '2001::1',
    '2001:0:7f00:1::',
    '3fff::1',
    '64:ff9b:1::7f00:1',
    '::127.0.0.1',
    '::7f00:1',
    '100::1',
    '5f00::1',
    '4000::1',
    '::ffff:0:7f00:1',
    '2002:a00:1::1',
  ]),
  unreadable: [
    '',
    'localhost',
    '127.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    'fe80::1%eth0',
    '::1%lo',
    '::ffff:127.0.0.1%1',
    '1.1.1.1.',
    '[::1]',
    '1.1.1.256',
    '::g',
  ],
}

for (const [kind, addresses] of Object.entries(samples)) {
  test(`classifies ${kind} addresses`, () => {
    for (const address of addresses) expect([address, judgeAddress(address)]).toEqual([address, kind])
  })
}

test('an allow list allows only the names, addresses, ranges and ports that it lists', () => {
  const allow = readOutsideAllow('127.0.0.1:8080, 10.0.0.0/8 Tools.LAN. other.lan:9000\n[::1]:8080,fd00::/8')
  const opened = (host: string, port: number, address = host) => findAllowed(allow, host, port, address, judgeAddress(address))
  expect(opened('127.0.0.1', 8080)).toBe('port')
  expect(opened('127.0.0.1', 8081)).toBeUndefined()
  expect(opened('127.0.0.2', 8080)).toBeUndefined()
  expect(opened('any.name', 8080, '::ffff:127.0.0.1')).toBe('port')
  expect(opened('10.1.2.3', 22)).toBe('address')
  expect(opened('11.1.2.3', 80)).toBeUndefined()
  expect(opened('::1', 8080)).toBe('port')
  expect(opened('fd12::1', 80)).toBe('address')
  expect(opened('tools.lan', 80, '192.168.1.1')).toBe('address')
  expect(opened('sub.tools.lan', 80, '192.168.1.1')).toBeUndefined()
  expect(opened('other.lan', 9000, '192.168.1.1')).toBe('port')
  expect(opened('other.lan', 80, '192.168.1.1')).toBeUndefined()
})

test('a name in the allow list never allows metadata or multicast; only the exact metadata address does', () => {
  const opened = (text: string, address: string) => findAllowed(readOutsideAllow(text), 'tools.lan', 80, address, judgeAddress(address))
  expect(opened('tools.lan', '169.254.169.254')).toBeUndefined()
  expect(opened('tools.lan', '224.0.0.1')).toBeUndefined()
  expect(opened('0.0.0.0/0', '169.254.169.254')).toBeUndefined()
  expect(opened('0.0.0.0/0', '::ffff:169.254.169.254')).toBeUndefined()
  expect(opened('169.254.169.254', '169.254.169.254')).toBe('address')
  expect(opened('169.254.169.254/32', '169.254.169.254')).toBe('address')
  expect(opened('0.0.0.0/0 ::/0', '::1%lo')).toBeUndefined()
})

test('an invalid entry is rejected with an error that quotes it', () => {
  const wrong = [
    'http://a.lan',
    'a.lan/path',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0/8',
    '127.1',
    '0x7f000001',
    '2130706433',
    'a.lan:0',
    'a.lan:65536',
    'a.lan:x',
    '[fe80::1%eth0]',
  ]
  for (const entry of [...wrong, '*.lan', '::1/', '[::1', '[10.0.0.1]:80', 'a..lan', 'name@host']) {
    expect(() => readOutsideAllow(`ok.lan ${entry}`)).toThrow(`cannot read "${entry}"`)
  }
  expect(readOutsideAllow(' , ')).toEqual([])
})
