import { BlockList, isIP } from 'node:net'

/** `unreadable`: not an address, or an address with a zone (`fe80::1%eth0`), which has a meaning on one machine only. */
export type AddressKind = 'public' | 'loopback' | 'private' | 'link-local' | 'metadata' | 'multicast' | 'reserved' | 'unreadable'

/**
 * The special-purpose address registries of IANA (RFC 6890, as of RFC 9637), and the addresses of cloud metadata services. The first kind
 * that matches applies. `0.0.0.0/8` is loopback, because operating systems connect it to this machine.
 */
const special: readonly (readonly [AddressKind, readonly string[]])[] = [
  // AWS and most others, Alibaba, Azure (a public address!), Oracle, AWS and Google on IPv6.
  ['metadata', ['169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254']],
  // Credentials of tasks in ECS and of pods in EKS.
  ['metadata', ['169.254.170.2', '169.254.170.23', 'fd00:ec2::23']],
  ['loopback', ['0.0.0.0/8', '127.0.0.0/8', '::/128', '::1/128']],
  ['private', ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['reserved', ['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '240.0.0.0/4']],
  // Protocol assignments with Teredo and ORCHID, documentation, 6to4 (it would carry an IPv4 address past all other rules), documentation.
  ['reserved', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']],
]
const lists = special.map(([kind, ranges]) => [kind, blockList(ranges)] as const)
/**
 * The part of IPv6 that is assigned to networks today (RFC 4291 section 2.4 and IANA's registry). All other IPv6 addresses are reserved.
 */
const globalUnicast = blockList(['2000::/3'])

/**
 * The kind of an address in standard notation. IPv4 inside IPv6 (mapped `::ffff:0:0/96`, NAT64 `64:ff9b::/96`) counts as that IPv4 address.
 */
export function judgeAddress(address: string): AddressKind {
  const family = isIP(address)
  if (family === 0 || address.includes('%')) return 'unreadable'
  if (family === 4) return find(address, 'ipv4') ?? 'public'
  const inner = unwrapIpv4(address)
  if (inner) return judgeAddress(inner)
  return find(address, 'ipv6') ?? (globalUnicast.check(address, 'ipv6') ? 'public' : 'reserved')
}

/** @param ranges addresses, or CIDR ranges such as `10.0.0.0/8` */
export function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

function find(address: string, family: 'ipv4' | 'ipv6'): AddressKind | undefined {
  return lists.find(([, list]) => list.check(address, family))?.[0]
}

/**
 * The URL parser writes every IPv6 address in its shortest form (RFC 5952, without a dotted IPv4 part), so each prefix has only one form.
 */
function unwrapIpv4(address: string): string | undefined {
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const tail = /^(?:::ffff:|64:ff9b::)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})?$/.exec(shortest)
  if (!tail) return undefined
  const [high, low] = [tail[1], tail[2]].map((group) => Number.parseInt(group ?? '0', 16)) as [number, number]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
