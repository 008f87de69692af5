/**
 * URLs, names and redirects that lead to this machine or another forbidden address must not open a connection. A canary server on all
 * addresses of this machine counts the connections; DNS is modelled by a table, and rebinding by a resolver whose answer changes.
 */
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { fetchOutside } from './fetch-outside.ts'
import { readOutsideAllow } from './outside-allow.ts'
import { outsidePolicy } from './outside-policy.ts'
import { failureOf, listen, listenHttp, policyOf } from './testing/listen.fixture.ts'

/** Host names with the addresses that the owner of their DNS zone could give them. */
const names: Readonly<Record<string, readonly string[]>> = {
  'loop.test': ['127.0.0.1'],
  'loop6.test': ['::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'mapped-hex.test': ['::ffff:7f00:1'],
  'nat64.test': ['64:ff9b::7f00:1'],
  'six-to-four.test': ['2002:7f00:1::'],
  'teredo.test': ['2001:0:7f00:1::'],
  'compatible.test': ['::7f00:1'],
  'zone.test': ['fe80::1%lo'],
  'zone-loop.test': ['::1%lo'],
  'zero.test': ['0.0.0.0'],
  'zero6.test': ['::'],
  'mixed.test': ['93.184.215.14', '127.0.0.1'],
  'mixed6.test': ['2606:4700:4700::1111', '::1'],
  'metadata.test': ['169.254.169.254'],
  'private.test': ['192.168.1.1'],
  'carrier.test': ['100.64.0.1'],
  'many.test': ['127.0.0.9', '127.1.2.3'],
  'odd.test': ['0x7f.1'],
  'empty.test': [],
  '127.0.0.1.nip.test': ['127.0.0.1'],
  xn: ['127.0.0.1'],
}

/** @param p the port that the canary listens on. */
function urls(p: number): string[] {
  const loopback = [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '127.0.0.1.',
    '2130706433',
    '017700000001',
    '0x7f000001',
    '0x7F.1',
    '0177.0.0.1',
    '0177.0x0.0.1',
    '127.0.0.01',
  ]
  const moreLoopback = [
    '127.255.255.254',
    '127.127.127.127',
    '127.0.0.2',
    '0',
    '0.0.0.0',
    '0x0',
    '00',
    '0.0.0.0.',
    '0.1.2.3',
    '0x7f.0x0.0x0.0x1',
    '000177.0.0.1',
    '127.000.000.001',
  ]
  const letters = [
    '１２７.0.0.1',
    '127。0。0。1',
    '①②⑦.⓪.⓪.①',
    '%31%32%37.0.0.1',
    '127.0.0.1%2e',
    'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
    'LOCALHOST',
    'loc%61lhost',
    'lo­calhost',
  ]
  const localhost = ['localhost', 'localhost.', 'a.localhost', 'a.b.localhost.', 'LocalHost.']
  const six = [
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::FFFF:127.0.0.1]',
    '[::127.0.0.1]',
    '[0000::0001]',
    '[64:ff9b::127.0.0.1]',
  ]
  const moreSix = [
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[::ffff:0:127.0.0.1]',
    '[fe80::1]',
    '[fe80::1%25lo]',
    '[::1%25lo]',
    '[::1%lo]',
    '[fc00::1]',
    '[fec0::1]',
    '[ff02::1]',
  ]
  const metadata = [
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '[::ffff:169.254.169.254]',
    '[fd00:ec2::254]',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '169.254.170.2',
  ]
  const other = [
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '198.18.0.1',
    '192.0.2.1',
    '203.0.113.9',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '192.88.99.1',
  ]
  const hosts = [
    loopback,
    moreLoopback,
    letters,
    localhost,
    six,
    moreSix,
    metadata,
    other,
    Object.keys(names),
    ['unknown.test', 'LOOP.test', 'loop.test.'],
  ].flat()
  const tricks = [
    `http://public.test@127.0.0.1:${p}/`,
    `http://public.test:80@127.0.0.1:${p}/`,
    `http://127.0.0.1:${p}@loop.test/`,
    `http://127.0.0.1:${p}\\@public.test/`,
  ]
    .concat([
      `http:\\\\127.0.0.1:${p}\\`,
      `http:127.0.0.1:${p}`,
      `http:/127.0.0.1:${p}`,
      `http:///127.0.0.1:${p}`,
      ` http://127.0.0.1:${p}`,
      `ht\ntp://127.0.0.1:${p}`,
    ])
    .concat([
      `http://127.0.\t0.1:${p}`,
      `http://127.0.0.1:${p}#@public.test`,
      `http://127.0.0.1:${p}?@public.test`,
      `http://:@127.0.0.1:${p}`,
      `http://a:b@loop.test:${p}`,
    ])
    .concat([
      `HTTP://127.0.0.1:${p}`,
      `https://127.0.0.1:${p}`,
      `https://localhost:${p}`,
      `https://loop.test:${p}`,
      `http://127.0.0.1:0${p}`,
      `http://user@[::1]:${p}/`,
    ])
  const schemes = [
    'file:///etc/passwd',
    'file://127.0.0.1/etc/passwd',
    `gopher://127.0.0.1:${p}/_GET`,
    `dict://127.0.0.1:${p}/`,
    `ftp://127.0.0.1:${p}/`,
    `ws://127.0.0.1:${p}`,
  ]
    .concat([
      `unix:/var/run/docker.sock`,
      'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
      'http://unix:/var/run/docker.sock:/info',
      `ldap://127.0.0.1:${p}`,
      `jar:http://127.0.0.1:${p}!/`,
    ])
    .concat([
      `data:text/plain,hi`,
      'javascript:1',
      `tftp://127.0.0.1:${p}/`,
      `netdoc:///etc/passwd`,
      `blob:http://127.0.0.1:${p}/x`,
      `//127.0.0.1:${p}`,
      '/etc/passwd',
      '',
      'http://',
      'http://:80',
    ])
  return [...hosts.map((host) => `http://${host}:${p}/`), ...tricks, ...schemes]
}

async function startCanary() {
  const canary = { touched: 0, port: 0 }
  const server = createServer((socket) => {
    canary.touched += 1
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  })
  // All addresses of this machine, including those of IPv6 if it has any.
  canary.port = await listen(server, '::').catch(() => listen(server, '0.0.0.0'))
  return canary
}

test('no spelling of an address reaches a listener on this machine', async () => {
  const canary = await startCanary()
  const list = urls(canary.port)
  expect(new Set(list).size).toBeGreaterThan(120)
  for (const url of list) {
    const error = await failureOf(fetchOutside({ url, headers: { authorization: 'hunter2' } }, policyOf([], names)))
    expect([url, error.reason]).toEqual([url, expect.stringMatching(/^(request|address|name)$/)])
    expect(error.message).not.toMatch(/hunter2|a:b|docker/)
  }
  expect(canary.touched).toBe(0)
  await fetchOutside({ url: `http://loop.test:${canary.port}` }, policyOf(readOutsideAllow('127.0.0.1'), names))
  expect(canary.touched).toBe(1)
})

test("addresses from the system's own resolver are checked too", async () => {
  const canary = await startCanary()
  for (const host of ['localhost', 'localhost.', 'ip6-localhost', '127.0.0.1']) {
    const error = await failureOf(fetchOutside({ url: `http://${host}:${canary.port}/` }, outsidePolicy))
    expect(['address', 'name']).toContain(error.reason)
  }
  for (const address of outsidePolicy.ownAddresses()) {
    const host = address.includes(':') ? `[${address}]` : address
    expect((await failureOf(fetchOutside({ url: `http://${host}:${canary.port}/` }, outsidePolicy))).reason).toMatch(/address|request/)
  }
  expect(canary.touched).toBe(0)
})

test("this machine's own public address is rejected like a loopback address", async () => {
  const policy = { ...policyOf([], { 'me.test': ['93.184.215.14'] }), ownAddresses: () => ['93.184.215.14', 'fe80::1%eth0'] }
  expect((await failureOf(fetchOutside({ url: 'http://me.test/' }, policy))).reason).toBe('address')
})

test('a redirect to a forbidden URL is rejected like a first request', async () => {
  const canary = await startCanary()
  let location = ''
  const port = await listenHttp((request, response) => {
    const left = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('left') ?? 0)
    response.writeHead(302, { location: left > 0 ? `/?left=${left - 1}` : Buffer.from(location).toString('latin1') }).end()
  })
  const policy = policyOf(readOutsideAllow(`127.0.0.1:${port}`), { ...names, 'start.test': ['127.0.0.1'] })
  for (location of urls(canary.port).filter((url) => /^[a-z+]+:/.test(url))) {
    for (const left of [0, 3]) {
      const error = await failureOf(fetchOutside({ url: `http://start.test:${port}/?left=${left}` }, policy))
      expect([location, error.reason]).toEqual([location, expect.stringMatching(/^(request|address|name|redirect)$/)])
    }
  }
  expect(canary.touched).toBe(0)
})

test('a name whose address changes after the check is not resolved again', async () => {
  const reached: string[] = []
  const server = createServer((socket) => {
    reached.push(socket.localAddress ?? '')
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi')
  })
  const port = await listen(server, '0.0.0.0')
  let questions = 0
  const base = policyOf(readOutsideAllow('127.0.0.2'))
  const policy = { ...base, resolve: async () => (questions++ === 0 ? ['127.0.0.2'] : ['127.0.0.1']) }
  const { body } = await fetchOutside({ url: `http://rebind.test:${port}/` }, policy)
  expect([Buffer.from(body).toString(), questions, reached]).toEqual(['hi', 1, ['127.0.0.2']])
  expect((await failureOf(fetchOutside({ url: `http://rebind.test:${port}/` }, policy))).reason).toBe('address')
  expect(reached).toEqual(['127.0.0.2'])
})

test('a name whose address changes between two hops is rejected at the second hop', async () => {
  const seen: string[] = []
  const port = await listenHttp((request, response) => {
    seen.push(request.url ?? '')
    response.writeHead(307, { location: '/second' }).end()
  })
  let questions = 0
  const base = policyOf(readOutsideAllow('127.0.0.2'))
  const server = await listen(
    createServer((socket) => socket.end(`HTTP/1.1 307 x\r\nlocation: http://rebind.test:${port}/second\r\n\r\n`)),
    '127.0.0.2',
  )
  const policy = { ...base, resolve: async () => (questions++ === 0 ? ['127.0.0.2'] : ['127.0.0.1']) }
  expect((await failureOf(fetchOutside({ url: `http://rebind.test:${server}/` }, policy))).reason).toBe('address')
  expect([questions, seen]).toEqual([2, []])
})

test('ports of other protocols are rejected unless the operator names them', async () => {
  const policy = policyOf(readOutsideAllow('127.0.0.1'), {})
  for (const port of [1, 22, 25, 110, 445, 1023, 2049, 5060, 6000, 6667, 10080]) {
    expect((await failureOf(fetchOutside({ url: `http://127.0.0.1:${port}/` }, policy))).reason).toBe('port')
  }
  const named = policyOf(readOutsideAllow('127.0.0.1:1'))
  expect((await failureOf(fetchOutside({ url: 'http://127.0.0.1:1/' }, named))).reason).toBe('connection')
})
