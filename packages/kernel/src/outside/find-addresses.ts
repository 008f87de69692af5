import { isIP } from 'node:net'
import { type AddressKind, blockList, judgeAddress } from './judge-address.ts'
import { findAllowed } from './outside-allow.ts'
import { OutsideError, toOutsideError } from './outside-error.ts'
import type { OutsidePolicy } from './outside-policy.ts'
import type { Target } from './read-target.ts'

const kinds: Readonly<Record<Exclude<AddressKind, 'public'>, string>> = {
  loopback: 'on this machine',
  private: 'in a private network',
  'link-local': 'on the local link',
  metadata: "at a cloud's metadata service",
  multicast: 'in a multicast range',
  reserved: 'in a reserved range',
  unreadable: 'at an address that cannot be read',
}

/**
 * The addresses of a host, after every one of them was checked.
 * @throws OutsideError if there is no address or if any one is forbidden: a name with public and private addresses is a trap or a mistake
 */
export async function findAddresses(target: Target, policy: OutsidePolicy): Promise<readonly string[]> {
  const { host } = target
  if (isIP(host) !== 0) return checkAll([host], target, policy)
  if (/(^|\.)localhost$/.test(host)) {
    // RFC 6761 section 6.3: `localhost` must not be resolved by DNS. The operator may have allowed only one of the two addresses.
    const both = ['127.0.0.1', '::1']
    const open = both.filter((address) => findRefusal(address, target, policy) === undefined)
    return open.length > 0 ? open : checkAll(both, target, policy)
  }
  const addresses = await policy.resolve(host).catch((error: unknown) => {
    throw toOutsideError(error, 'name', host, `The name ${host} cannot be resolved`)
  })
  if (addresses.length === 0) throw new OutsideError('name', host, `The name ${host} has no address`)
  return checkAll(addresses, target, policy)
}

function checkAll(addresses: readonly string[], target: Target, policy: OutsidePolicy): readonly string[] {
  for (const address of addresses) {
    const refusal = findRefusal(address, target, policy)
    if (refusal) throw refusal
  }
  return addresses
}

/** The reason why a connection to this address is forbidden for this target; undefined if it is allowed. */
export function findRefusal(address: string, { host, port }: Target, policy: OutsidePolicy): OutsideError | undefined {
  const kind = judgeAddress(address)
  const allowed = findAllowed(policy.allow, host, port, address, kind)
  if (allowed === undefined) {
    if (kind !== 'public') return forbid(host, kind)
    if (isOwn(address, policy)) return forbid(host, 'loopback')
  }
  if (allowed !== 'port' && !policy.isPortOpen(port)) {
    return new OutsideError('port', host, `Requests to port ${port} of ${host} are not allowed`)
  }
  return undefined
}

function isOwn(address: string, policy: OutsidePolicy): boolean {
  const own = blockList(policy.ownAddresses().filter((one) => isIP(one) !== 0))
  return own.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
}

function forbid(host: string, kind: Exclude<AddressKind, 'public'>): OutsideError {
  return new OutsideError(
    'address',
    host,
    `${host} is ${kinds[kind]}, and this installation does not allow requests to it (ORRERY_OUTSIDE_ALLOW)`,
  )
}
