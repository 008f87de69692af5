import { hash } from 'node:crypto'
import { problem } from '@orrery/contract'
import { boundedCache } from '../bounded-cache.ts'
import type { Identity } from '../context/identity.ts'
import type { Authenticator } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import type { TokenKeys } from '../secrets/signing-keys.ts'
import { isApiKey } from './api-key.ts'
import { type Found, findByKey, findByToken } from './find-identity.ts'
import { createRateLimiter } from './rate-limiter.ts'
import { readTokenUse } from './token.ts'

/** A revoked key works for so long in processes that remember it. */
export const AUTHENTICATED_FOR_MS = 5000
/** Looking up keys that nobody remembers costs a query each; a flood of made-up ones may not take the database. */
const LOOKUPS = { perSecond: 200, burst: 400 }

interface Remembered extends Found {
  readonly until: number
}

export function createAuthenticator(database: Database, tokenKeys: TokenKeys, now: () => number): Authenticator {
  const remembered = boundedCache<Remembered>({ entriesMax: 10_000 })
  /** Requests that come together with one key make one query. */
  let looking = new Map<string, Promise<Identity>>()
  const limitLookup = createRateLimiter(LOOKUPS, now)

  /** Null for what cannot be a secret of ours. Keys and tokens have a limit each, so that a flood of the one leaves the other alone. */
  function kindOf(secret: string): { readonly name: string; find(at: number): Promise<Found | null> } | null {
    if (isApiKey(secret)) return { name: 'keys', find: (at) => findByKey(database, secret, at) }
    if (readTokenUse(tokenKeys, secret) === null) return null
    return { name: 'tokens', find: (at) => findByToken(database, tokenKeys, secret, at) }
  }

  async function authenticate(secret: string): Promise<Identity> {
    const kind = kindOf(secret)
    if (kind === null) throw unauthenticated()
    const name = hash('sha256', secret, 'base64')
    const known = remembered.get(name)
    const at = now()
    if (known !== undefined && known.until > at && known.expiresAt > at) return known.identity
    const underWay = looking.get(name)
    if (underWay !== undefined) return underWay
    // A key that was good a while ago is no guess: a flood of made-up ones does not keep its holder out.
    const refused = known === undefined ? limitLookup(kind.name) : null
    if (refused !== null) throw problem('rate_limited', 'Too many keys are being tried.', refused)
    const look = lookUp(name, () => kind.find(at), at)
    looking.set(name, look)
    return look
  }

  async function lookUp(name: string, find: () => Promise<Found | null>, at: number): Promise<Identity> {
    const asked = looking
    try {
      const found = await find()
      if (found === null) {
        remembered.delete(name)
        throw unauthenticated()
      }
      // What was read before a revocation is not remembered behind it.
      if (asked === looking) remembered.set(name, { ...found, until: at + AUTHENTICATED_FOR_MS })
      return found.identity
    } finally {
      asked.delete(name)
    }
  }

  function forget(): void {
    remembered.clear()
    looking = new Map()
  }

  return { authenticate, forget }
}

function unauthenticated() {
  return problem('unauthenticated', 'Send a valid API key as a bearer token.')
}
