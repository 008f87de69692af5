import { hash } from 'node:crypto'
import { problem } from '@orrery/contract'
import { boundedCache } from '../bounded-cache.ts'
import { findByOAuthToken } from '../consents/find-by-oauth-token.ts'
import { readOAuthToken } from '../consents/oauth-token.ts'
import type { Caller, FoundIdentity, Identity } from '../context/identity.ts'
import type { Authenticator, Kernel } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import { findByLogin } from '../logins/find-by-login.ts'
import { deriveLoginSecret, readLoginToken } from '../logins/login-secret.ts'
import { isIssued } from '../secrets/issued-mark.ts'
import { isAgentSecret, isApiKey } from './api-key.ts'
import { findByAgentSecret, findByKey, findByToken } from './find-identity.ts'
import { type LimitedLookup, limitLookups, networkOf } from './limit-lookups.ts'
import { readToken, readTokenUse } from './token.ts'

/**
 * How long an identity is cached. In other processes a revoked key may work for this long. Together with the time between two checks of
 * what stays open (ACCESS_CHECK_MS), less than the five seconds that are promised, with room for a busy machine.
 */
export const AUTHENTICATED_FOR_MS = 1500

interface CachedIdentity extends FoundIdentity {
  readonly until: number
}

interface Given {
  readonly secret: string
  readonly address: string | undefined
  readonly org: string | undefined
  /** A hash of the secret, which stands for it. */
  readonly name: string
}

/**
 * @param oauth where this server is; null: it takes no tokens of OAuth
 * @param now the time of the database, in ms since the epoch
 */
export function createAuthenticator(
  database: Database,
  { secretKeys, tokenKeys, oauth }: Pick<Kernel, 'secretKeys' | 'tokenKeys' | 'oauth'>,
  now: () => number,
): Authenticator {
  const loginSecret = deriveLoginSecret(secretKeys)
  const cache = boundedCache<CachedIdentity>({ entriesMax: 10_000 })
  /** Lookups in progress. Concurrent requests with the same key share one query. */
  let lookups = new Map<string, Promise<Identity>>()
  const limit = limitLookups(now)
  const isLogin = (secret: string): boolean => readLoginToken(loginSecret, secret) !== null

  async function authenticate(secret: string, { address, org }: Pick<Caller, 'address' | 'org'> = {}): Promise<Identity> {
    if (!isApiKey(secret) && !isAgentSecret(secret) && !isLogin(secret) && readTokenUse(tokenKeys, secret) === null) throw unauthenticated()
    const name = hash('sha256', secret, 'base64')
    // A login leads to another member in each organization.
    const entry = isLogin(secret) && org !== undefined ? `${name} ${org}` : name
    const known = cache.get(entry)
    const at = now()
    if (known !== undefined && known.until > at && known.expiresAt > at) return known.identity
    const inProgress = lookups.get(entry)
    if (inProgress !== undefined) return inProgress
    // A key that was valid a while ago is not a guess. Its holder is not limited, even during a flood of made-up keys.
    const limited: LimitedLookup = known === undefined ? limit : (_, find) => find()
    const lookup = lookUp(entry, () => find({ secret, name, address, org }, at, limited), at)
    lookups.set(entry, lookup)
    return lookup
  }

  async function find({ secret, name, address, org }: Given, at: number, limited: LimitedLookup): Promise<FoundIdentity | null> {
    const findBySecret = isApiKey(secret) ? findByKey : isAgentSecret(secret) ? findByAgentSecret : null
    if (findBySecret !== null) {
      return limited(isIssued(secretKeys, secret) ? name : networkOf(address), () => findBySecret(database, secret, at))
    }
    // A made-up login or token needs no query.
    const login = readLoginToken(loginSecret, secret)
    if (login !== null) return limited(name, () => findByLogin(database, { token: login, org: org ?? null }, at))
    const claims = await readToken(tokenKeys, secret, at)
    if (claims !== null) return limited(name, () => findByToken(database, claims, at))
    const addresses = oauth()
    const allowed = addresses === null ? null : await readOAuthToken(tokenKeys, addresses, secret, at)
    return allowed === null ? null : limited(name, () => findByOAuthToken(database, allowed, at))
  }

  async function lookUp(entry: string, find: () => Promise<FoundIdentity | null>, at: number): Promise<Identity> {
    const lookupsAtStart = lookups
    try {
      const found = await find()
      if (found === null) {
        cache.delete(entry)
        throw unauthenticated()
      }
      // A result that was read before a revocation must not enter the cache after it: `forget` replaces the map.
      const identity = Number.isFinite(found.expiresAt) ? { ...found.identity, expiresAt: found.expiresAt } : found.identity
      if (lookupsAtStart === lookups) cache.set(entry, { ...found, identity, until: at + AUTHENTICATED_FOR_MS })
      return identity
    } finally {
      lookupsAtStart.delete(entry)
    }
  }

  function forgetWhere(matches: (identity: Identity) => boolean): void {
    cache.deleteWhere(({ identity }) => matches(identity))
    lookups = new Map()
  }

  return { authenticate, forget: (actor) => forgetWhere(({ actor: { id } }) => id === actor), forgetWhere }
}

function unauthenticated() {
  return problem('unauthenticated', 'Send a valid API key or token as a bearer token, or log in again.')
}
