import { timingSafeEqual } from 'node:crypto'
import { encodeId } from '@orrery/contract'
import { findActiveAgent, touchAgent } from '../agents/find-agent.ts'
import type { FoundIdentity, Identity, TokenClaims } from '../context/identity.ts'
import { knownScopes } from '../context/known-scopes.ts'
import { type Database, NO_ORG, type Transaction } from '../database/database.ts'
import { seeOrg } from '../database/session-settings.ts'
import { hashSecret } from './api-key.ts'
import type { CredentialRow } from './credential-row.ts'
import { selectCredential, selectCredentialByHash, touchCredential } from './credential-store.ts'
import type { ApiKeyRow } from './key-row.ts'
import { selectKeyByHash, selectKeyById, touchKey } from './key-store.ts'
import type { Lifetime } from './token.ts'
import { selectFamily } from './token-family-store.ts'

/** `last_used_at` and `last_seen_at` are accurate to within this. */
const TOUCH_EVERY_MS = 60_000

/** Whom a valid key or credential belongs to. */
interface Holder extends FoundIdentity {
  readonly lastUsedAt: Date | null
  readonly touch: (tx: Transaction, at: Date) => Promise<void>
}

/** Null for a key that does not exist, is revoked, or has expired at `at`. */
export async function findByKey(database: Database, secret: string, at: number): Promise<FoundIdentity | null> {
  const hash = hashSecret(secret)
  const row = await database.transaction(NO_ORG, 'read only', (tx) => selectKeyByHash(tx, hash))
  // The index has compared the bytes already. The comparison in constant time makes the check independent of the index.
  const holder = row === undefined || !timingSafeEqual(row.hash, hash) ? null : toKeyHolder(row, at)
  return holder === null ? null : touched(database, holder, at)
}

/**
 * The agent behind the secret of a credential. Null if there is no such credential, it is revoked or has expired at `at`, or the agent is
 * suspended.
 */
export async function findByAgentSecret(database: Database, secret: string, at: number): Promise<FoundIdentity | null> {
  const hash = hashSecret(secret)
  const found = await database.transaction(NO_ORG, 'read only', async (tx) => {
    const row = await selectCredentialByHash(tx, hash)
    if (row === undefined || !timingSafeEqual(row.hash, hash)) return null
    await seeOrg(tx, row.org_id)
    const holder = await findCredentialHolder(tx, row, at)
    return holder === null ? null : { ...holder, identity: { ...holder.identity, credential: row.credential_id } }
  })
  return found === null ? null : touched(database, found, at)
}

/**
 * @param claims of a token that `readToken` has verified. Null: its token family, or the key or credential behind it, was revoked or has
 * expired, or the agent is suspended or deleted.
 */
export async function findByToken(database: Database, claims: TokenClaims & Lifetime, at: number): Promise<FoundIdentity | null> {
  // The organization can be trusted: it comes from a token whose signature was verified.
  const holder = await database.transaction(claims.org, 'read only', (tx) => findTokenHolder(tx, claims, at))
  if (holder === null || holder.identity.actor.id !== claims.holder) return null
  const { identity, expiresAt } = await touched(database, holder, at)
  const { scopes, expiresAt: tokenExpiresAt } = claims
  const permissions = scopes === null ? identity.permissions : new Set(scopes.filter((scope) => identity.permissions.has(scope)))
  return { identity: { ...identity, permissions, token: claims }, expiresAt: Math.min(expiresAt, tokenExpiresAt) }
}

async function findTokenHolder(tx: Transaction, { org, family: id }: TokenClaims, at: number): Promise<Holder | null> {
  const family = await selectFamily(tx, org, id)
  if (family === undefined || family.revoked_at !== null) return null
  if (family.key_id !== null) {
    const key = await selectKeyById(tx, org, family.key_id)
    return key === undefined ? null : toKeyHolder(key, at)
  }
  const credential = await selectCredential(tx, org, family.credential_id)
  return credential === undefined ? null : findCredentialHolder(tx, credential, at)
}

function toKeyHolder(row: ApiKeyRow, at: number): Holder | null {
  if (!isValid(row, at)) return null
  const identity: Identity = {
    actor: { type: 'api_key', id: encodeId('key', row.key_id), name: row.name },
    org: row.org_id,
    permissions: new Set(knownScopes(row.scopes)),
  }
  const touch: Holder['touch'] = (tx, now) => touchKey(tx, row.org_id, row.key_id, now)
  return { identity, expiresAt: expiryOf(row), lastUsedAt: row.last_used_at, touch }
}

async function findCredentialHolder(tx: Transaction, row: CredentialRow, at: number): Promise<Holder | null> {
  const agent = isValid(row, at) ? await findActiveAgent(tx, row.org_id, row.agent_id) : null
  if (agent === null) return null
  const identity: Identity = {
    actor: { type: 'agent', id: encodeId('agt', agent.agent_id), name: agent.name },
    org: row.org_id,
    permissions: new Set(knownScopes(agent.scopes)),
  }
  const touch: Holder['touch'] = async (own, now) => {
    await touchCredential(own, row.org_id, row.credential_id, now)
    await touchAgent(own, agent, now)
  }
  return { identity, expiresAt: expiryOf(row), lastUsedAt: row.last_used_at, touch }
}

type Expiring = Pick<ApiKeyRow, 'expires_at' | 'revoked_at'>

const expiryOf = ({ expires_at }: Expiring): number => expires_at?.getTime() ?? Number.POSITIVE_INFINITY

const isValid = (row: Expiring, at: number): boolean => row.revoked_at === null && expiryOf(row) > at

async function touched(database: Database, { lastUsedAt, touch, ...found }: Holder, at: number): Promise<FoundIdentity> {
  if (lastUsedAt === null || at - lastUsedAt.getTime() > TOUCH_EVERY_MS) {
    await database.transaction(found.identity.org, 'read write', (tx) => touch(tx, new Date(at)))
  }
  return found
}
