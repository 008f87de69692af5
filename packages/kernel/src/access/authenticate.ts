import { hash } from 'node:crypto'
import { problem } from '@orrery/contract'
import { boundedCache } from '../bounded-cache.ts'
import type { Identity } from '../context/identity.ts'
import type { Authenticator } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import type { TokenKeys } from '../secrets/signing-keys.ts'
import { isApiKey } from './api-key.ts'
import { type FoundIdentity, findByKey, findByToken } from './find-identity.ts'
import { createRateLimiter } from './rate-limiter.ts'
import { readTokenUse } from './token.ts'

/** How long an identity is cached. In other processes a revoked key may work for this long. */
export const AUTHENTICATED_FOR_MS = 5000
/** Each lookup of a key that is not cached costs a query. The limit keeps a flood of made-up keys from using up the database. */
const LOOKUPS = { perSecond: 200, burst: 400 }

interface CachedIdentity extends FoundIdentity {
  readonly until: number
}

export function createAuthenticator(database: Database, tokenKeys: TokenKeys, now: () => number): Authenticator {
  const cache = boundedCache<CachedIdentity>({ entriesMax: 10_000 })
  /** Lookups in progress. Concurrent requests with the same key share one query. */
  let lookups = new Map<string, Promise<Identity>>()
  const limitLookup = createRateLimiter(LOOKUPS, now)

  /**
   * Null for a text that cannot be a key or a token. Each kind has its own limit, so that a flood of one kind does not affect the other.
   */
  function kindOf(secret: string): { readonly name: string; find(at: number): Promise<FoundIdentity | null> } | null {
    if (isApiKey(secret)) return { name: 'keys', find: (at) => findByKey(database, secret, at) }
    if (readTokenUse(tokenKeys, secret) === null) return null
    return { name: 'tokens', find: (at) => findByToken(database, tokenKeys, secret, at) }
  }

  async function authenticate(secret: string): Promise<Identity> {
    const kind = kindOf(secret)
    if (kind === null) throw unauthenticated()
    const name = hash('sha256', secret, 'base64')
    const known = cache.get(name)
    const at = now()
    if (known !== undefined && known.until > at && known.expiresAt > at) return known.identity
    const inProgress = lookups.get(name)
    if (inProgress !== undefined) return inProgress
    // A key that was valid a while ago is not a guess. Its holder is not limited, even during a flood of made-up keys.
    const refused = known === undefined ? limitLookup(kind.name) : null
    if (refused !== null) throw problem('rate_limited', 'Too many keys are being tried.', refused)
    const lookup = lookUp(name, () => kind.find(at), at)
    lookups.set(name, lookup)
    return lookup
  }

  async function lookUp(name: string, find: () => Promise<FoundIdentity | null>, at: number): Promise<Identity> {
    const lookupsAtStart = lookups
    try {
      const found = await find()
      if (found === null) {
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

  function forget(): void {
    cache.clear()
    lookups = new Map()
  }

  return { authenticate, forget }
}

function unauthenticated() {
  return problem('unauthenticated', 'Send a valid API key as a bearer token.')
}
