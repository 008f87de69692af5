import { hash } from 'node:crypto'
import { problem } from '@orrery/contract'
import { boundedCache } from '../bounded-cache.ts'
import type { Identity } from '../context/identity.ts'
import type { Authenticator } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import type { TokenKeys } from '../secrets/signing-keys.ts'
import { isApiKey } from './api-key.ts'
import { type FoundIdentity, findByKey, findByToken } from './find-identity.ts'
import { type LimitedLookup, limitLookups } from './limit-lookups.ts'
import { readTokenUse } from './token.ts'

/**
 * How long an identity is cached. In other processes a revoked key may work for this long. Together with the time between two checks of
 * what stays open (ACCESS_CHECK_MS), less than the five seconds that are promised.
 */
export const AUTHENTICATED_FOR_MS = 2500

/** `expired`: a genuine token whose time has passed. */
type Found = FoundIdentity | 'expired'

interface CachedIdentity extends FoundIdentity {
  readonly until: number
}

export function createAuthenticator(database: Database, tokenKeys: TokenKeys, now: () => number): Authenticator {
  const cache = boundedCache<CachedIdentity>({ entriesMax: 10_000 })
  /** Lookups in progress. Concurrent requests with the same key share one query. */
  let lookups = new Map<string, Promise<Identity>>()
  /** Each kind has its own limit, so that a flood of one kind does not affect the other. */
  const [limitKeys, limitTokens] = [limitLookups(now), limitLookups(now)]

  /** Null for a text that cannot be a key or a token. */
  function kindOf(secret: string): { readonly limit: LimitedLookup; find(at: number): Promise<Found | null> } | null {
    if (isApiKey(secret)) return { limit: limitKeys, find: (at) => findByKey(database, secret, at) }
    if (readTokenUse(tokenKeys, secret) === null) return null
    return { limit: limitTokens, find: (at) => findByToken(database, tokenKeys, secret, at) }
  }

  async function authenticate(secret: string, address?: string): Promise<Identity> {
    const kind = kindOf(secret)
    if (kind === null) throw unauthenticated()
    const name = hash('sha256', secret, 'base64')
    const known = cache.get(name)
    const at = now()
    if (known !== undefined && known.until > at && known.expiresAt > at) return known.identity
    const inProgress = lookups.get(name)
    if (inProgress !== undefined) return inProgress
    // A key that was valid a while ago is not a guess. Its holder is not limited, even during a flood of made-up keys.
    const lookup = lookUp(name, known === undefined ? () => kind.limit(address, () => kind.find(at)) : () => kind.find(at), at)
    lookups.set(name, lookup)
    return lookup
  }

  async function lookUp(name: string, find: () => Promise<Found | null>, at: number): Promise<Identity> {
    const lookupsAtStart = lookups
    try {
      const found = await find()
      if (found === null || found === 'expired') {
        cache.delete(name)
        throw unauthenticated()
      }
      // A result that was read before a revocation must not enter the cache after it: `forget` replaces the map.
      if (lookupsAtStart === lookups) cache.set(name, { ...found, until: at + AUTHENTICATED_FOR_MS })
      return found.identity
    } finally {
      lookupsAtStart.delete(name)
    }
  }

  function forget(actor: string): void {
    cache.deleteWhere(({ identity }) => identity.actor.id === actor)
    lookups = new Map()
  }

  return { authenticate, forget }
}

function unauthenticated() {
  return problem('unauthenticated', 'Send a valid API key as a bearer token.')
}
