import { timingSafeEqual } from 'node:crypto'
import { encodeId } from '@orrery/contract'
import type { FoundIdentity, TokenClaims } from '../context/identity.ts'
import { type Database, NO_ORG } from '../database/database.ts'
import { hashApiKey } from './api-key.ts'
import { type ApiKeyRow, knownScopes } from './key-row.ts'
import { selectKeyByHash, selectKeyById, touchKey } from './key-store.ts'
import type { Lifetime } from './token.ts'
import { selectFamily } from './token-family-store.ts'

/** `last_used_at` is accurate to within this. */
const TOUCH_EVERY_MS = 60_000

/** Null for a key that does not exist, is revoked, or has expired at `at`. */
export async function findByKey(database: Database, secret: string, at: number): Promise<FoundIdentity | null> {
  const hash = hashApiKey(secret)
  const row = await database.transaction(NO_ORG, 'read only', (tx) => selectKeyByHash(tx, hash))
  // The index has compared the bytes already. The comparison in constant time makes the check independent of the index.
  if (row === undefined || !timingSafeEqual(row.hash, hash)) return null
  await touch(database, row, at)
  return toFound(row, at)
}

/** @param claims of a token that `readToken` has verified. Null: its token family or its key was revoked or has expired. */
export async function findByToken(database: Database, claims: TokenClaims & Lifetime, at: number): Promise<FoundIdentity | null> {
  // The organization can be trusted: it comes from a token whose signature was verified.
  const row = await database.transaction(claims.org, 'read only', async (tx) => {
    const family = await selectFamily(tx, claims.org, claims.family)
    if (family === undefined || family.revoked_at !== null || family.key_id !== claims.key) return undefined
    return selectKeyById(tx, claims.org, claims.key)
  })
  if (row === undefined) return null
  await touch(database, row, at)
  const found = toFound(row, at, claims)
  return found === null ? null : { ...found, expiresAt: Math.min(found.expiresAt, claims.expiresAt) }
}

async function touch(database: Database, row: ApiKeyRow, at: number): Promise<void> {
  if (row.last_used_at !== null && at - row.last_used_at.getTime() <= TOUCH_EVERY_MS) return
  await database.transaction(row.org_id, 'read write', (tx) => touchKey(tx, row.org_id, row.key_id, new Date(at)))
}

function toFound(row: ApiKeyRow, at: number, token?: TokenClaims): FoundIdentity | null {
  const expiresAt = row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY
  if (row.revoked_at !== null || expiresAt <= at) return null
  const identity = {
    actor: { type: 'api_key', id: encodeId('key', row.key_id), name: row.name },
    org: row.org_id,
    permissions: new Set(knownScopes(row)),
    ...(token === undefined ? {} : { token }),
  } as const
  return { identity, expiresAt }
}
