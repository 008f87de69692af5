import type { Transaction } from '../database/database.ts'
import type { ApiKeyRow } from './key-row.ts'

const COLUMNS = ['org_id', 'key_id', 'name', 'prefix', 'scopes', 'created_at', 'expires_at', 'last_used_at', 'revoked_at'] as const

export async function insertKey(tx: Transaction, row: ApiKeyRow, hash: Buffer): Promise<void> {
  await tx.kysely
    .insertInto('app.api_key')
    .values({ ...row, hash })
    .execute()
}

/** Newest first: ids sort by time. */
export function selectKeys(tx: Transaction, org: string, before: string | null, limit: number): Promise<ApiKeyRow[]> {
  let query = tx.kysely.selectFrom('app.api_key').select(COLUMNS).where('org_id', '=', org)
  if (before !== null) query = query.where('key_id', '<', before)
  return query.orderBy('key_id', 'desc').limit(limit).execute()
}

export function selectKeyById(tx: Transaction, org: string, key: string): Promise<ApiKeyRow | undefined> {
  return tx.kysely.selectFrom('app.api_key').select(COLUMNS).where('org_id', '=', org).where('key_id', '=', key).executeTakeFirst()
}

/** The row as it is now; one that was revoked already keeps its time. */
export async function markRevoked(tx: Transaction, org: string, key: string, at: Date): Promise<ApiKeyRow | undefined> {
  await tx.kysely
    .updateTable('app.api_key')
    .set({ revoked_at: at })
    .where('org_id', '=', org)
    .where('key_id', '=', key)
    .where('revoked_at', 'is', null)
    .execute()
  return selectKeyById(tx, org, key)
}

/** The key with this hash, of whatever organization: the policy `by_secret` shows it to those who know the hash. */
export async function selectKeyByHash(tx: Transaction, hash: Buffer): Promise<(ApiKeyRow & { hash: Buffer }) | undefined> {
  await tx.client.query(`select set_config('app.key_hash', $1, true)`, [hash.toString('hex')])
  return tx.kysely
    .selectFrom('app.api_key')
    .select([...COLUMNS, 'hash'])
    .where('hash', '=', hash)
    .executeTakeFirst()
}

export async function touchKey(tx: Transaction, org: string, key: string, at: Date): Promise<void> {
  await tx.kysely.updateTable('app.api_key').set({ last_used_at: at }).where('org_id', '=', org).where('key_id', '=', key).execute()
}
