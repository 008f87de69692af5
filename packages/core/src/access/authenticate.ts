import { timingSafeEqual } from 'node:crypto'
import { encodeId, type Permission, problem } from '@orrery/contract'
import type { Actor } from '../context.ts'
import { type Database, NO_ORG } from '../database.ts'
import { hashApiKey, isApiKey } from './api-key.ts'
import { type ApiKeyRow, knownScopes } from './key-row.ts'
import { selectKeyByHash, touchKey } from './key-store.ts'
import { createRateLimiter } from './rate-limiter.ts'

/** Who has been recognized, and what he may do. */
export interface Identity {
  readonly actor: Actor
  /** A UUID. */
  readonly org: string
  readonly permissions: ReadonlySet<Permission>
}

export interface Authenticator {
  /** @throws unauthenticated */
  authenticate(secret: string): Promise<Identity>
  /** After a key was revoked here: do not wait for memory to run out. */
  forget(): void
}

/** A revoked key works for so long in processes that remember it. */
export const AUTHENTICATED_FOR_MS = 5000
/** `last_used_at` is right to within this. */
const TOUCH_EVERY_MS = 60_000
const REMEMBERED_MAX = 10_000
/** Looking up keys that nobody remembers costs a query each; a flood of made-up ones may not take the database. */
const LOOKUPS = { perSecond: 200, burst: 400 }

interface Remembered {
  readonly identity: Identity
  readonly expiresAt: number
  readonly until: number
}

export function createAuthenticator(database: Database, now: () => number): Authenticator {
  const remembered = new Map<string, Remembered>()
  const limitLookup = createRateLimiter(LOOKUPS, now)

  async function authenticate(secret: string): Promise<Identity> {
    if (!isApiKey(secret)) throw unauthenticated()
    const hash = hashApiKey(secret)
    const name = hash.toString('base64')
    const known = remembered.get(name)
    const at = now()
    if (known !== undefined && known.until > at && known.expiresAt > at) return known.identity
    // A key that was good a while ago is no guess: a flood of made-up ones does not keep its holder out.
    const refused = known === undefined ? limitLookup('lookup') : null
    if (refused !== null) throw problem('rate_limited', 'Too many keys are being tried.', refused)
    const row = await lookUp(database, hash, at)
    const expiresAt = row?.expires_at?.getTime() ?? Number.POSITIVE_INFINITY
    if (row === null || row.revoked_at !== null || expiresAt <= at) {
      remembered.delete(name)
      throw unauthenticated()
    }
    const identity = toIdentity(row)
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    remembered.set(name, { identity, expiresAt, until: at + AUTHENTICATED_FOR_MS })
    return identity
  }

  return { authenticate, forget: () => remembered.clear() }
}

async function lookUp(database: Database, hash: Buffer, at: number): Promise<ApiKeyRow | null> {
  const row = await database.transaction(NO_ORG, 'read only', (tx) => selectKeyByHash(tx, hash))
  // The index found equal bytes already; comparing again in constant time keeps that from resting on the index alone.
  if (row === undefined || !timingSafeEqual(row.hash, hash)) return null
  if (row.last_used_at === null || at - row.last_used_at.getTime() > TOUCH_EVERY_MS) {
    await database.transaction(row.org_id, 'read write', (tx) => touchKey(tx, row.org_id, row.key_id, new Date(at)))
  }
  return row
}

function toIdentity(row: ApiKeyRow): Identity {
  return {
    actor: { type: 'api_key', id: encodeId('key', row.key_id), name: row.name },
    org: row.org_id,
    permissions: new Set(knownScopes(row)),
  }
}

function unauthenticated() {
  return problem('unauthenticated', 'Send a valid API key as a bearer token.')
}
