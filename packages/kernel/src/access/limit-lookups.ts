import { isIP } from 'node:net'
import { problem } from '@orrery/contract'
import { createRateLimiter } from './rate-limiter.ts'

/** Look-ups that find nothing, for one network or one secret. */
const UNKNOWN = { perSecond: 10, burst: 100 }

/**
 * Does a look-up. @param whose the network that sent the secret; for a secret that was issued here, something that stands for it alone.
 * @param find null: there is no such secret. @throws rate_limited
 */
export type LimitedLookup = <T>(whose: string, find: () => Promise<T | null>) => Promise<T | null>

/**
 * Limits look-ups of secrets (keys, addresses of webhooks) that do not exist: each costs a query, so a flood of guesses must not reach the
 * database. A look-up that finds something does not count, and a network that guesses is limited alone. Holders are never limited: what
 * `isIssued` is limited by itself, so that only a revoked secret can be, and the caller exempts secrets that this process has found before.
 */
export function limitLookups(now: () => number): LimitedLookup {
  const limit = createRateLimiter(UNKNOWN, now)
  return async (whose, find) => {
    const refused = limit.ask(whose)
    if (refused !== null)
      throw problem('rate_limited', 'Too many made-up keys or addresses were tried from this network, or this one too often.', refused)
    const found = await find()
    if (found === null) limit.count(whose)
    return found
  }
}

/** The address itself, or for IPv6 its first 64 bits: a customer of a provider has at least that many addresses (RFC 6177). */
export function networkOf(address = ''): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const bare = address.replace(/%.*$/, '')
  if (isIP(bare) !== 6) return address
  const [head = '', tail] = bare.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  // An IPv4 address at the end stands for two groups.
  const count = (groups: readonly string[]) => groups.length + (groups.at(-1)?.includes('.') ? 1 : 0)
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - count(before) - count(after) }, () => '0')
  const groups = [...before, ...zeros, ...after].slice(0, 4)
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`
}
