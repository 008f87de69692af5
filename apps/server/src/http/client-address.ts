import { BlockList, isIP } from 'node:net'
import type { ServerContext } from './request-info.ts'

/** Reads the network address of the client of a request; null if it is not known. */
export type ReadClientAddress = (context: ServerContext) => string | null

/**
 * The address of the socket, or, if that is a trusted proxy, the last address in `X-Forwarded-For` that is not one: a proxy appends the
 * address it was called from, and a client can write anything before it.
 * @param proxies addresses and CIDR ranges
 */
export function createClientAddress(proxies: readonly string[]): ReadClientAddress {
  const trusted = toBlockList(proxies)
  const isTrusted = (address: string): boolean => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return (context) => {
    let address = context.env?.incoming?.socket?.remoteAddress ?? null
    const forwarded = (context.req.raw.headers.get('x-forwarded-for') ?? '').split(',').reverse()
    for (const hop of forwarded) {
      const named = hop.trim()
      if (address === null || !isTrusted(address) || isIP(named) === 0) break
      address = named
    }
    return address
  }
}

function toBlockList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}
