import type { Transaction } from '../database/database.ts'
import { empty, insertInto, sql } from '../database/sql.ts'
import type { ApiKeyRow } from './key-row.ts'

const COLUMNS = sql`org_id, key_id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at`

export async function insertKey(tx: Transaction, row: ApiKeyRow, hash: Buffer): Promise<void> {
  await tx.write(insertInto('app.api_key', { ...row, hash }))
}

/** Newest first, because ids sort by creation time. */
export function selectKeys(tx: Transaction, org: string, before: string | null, limit: number): Promise<ApiKeyRow[]> {
  return tx.rows<ApiKeyRow>(
    sql`select ${COLUMNS} from app.api_key where org_id = ${org} ${before === null ? empty : sql`and key_id < ${before}`}
        order by key_id desc limit ${limit}`,
  )
}

export function selectKeyById(tx: Transaction, org: string, key: string): Promise<ApiKeyRow | undefined> {
  return tx.row<ApiKeyRow>(sql`select ${COLUMNS} from app.api_key where org_id = ${org} and key_id = ${key}`)
}

/** Returns the row after the change. A key that was revoked earlier keeps its time of revocation. */
export async function markRevoked(tx: Transaction, org: string, key: string, at: Date): Promise<ApiKeyRow | undefined> {
  await tx.write(sql`update app.api_key set revoked_at = ${at} where org_id = ${org} and key_id = ${key} and revoked_at is null`)
  return selectKeyById(tx, org, key)
}

type HashedKeyRow = ApiKeyRow & { readonly hash: Buffer }

/**
 * The key with this hash among the keys of all organizations, because the caller's organization is not known yet. The policy `by_secret`
 * makes the row visible to a transaction that has set the hash.
 */
export async function selectKeyByHash(tx: Transaction, hash: Buffer): Promise<HashedKeyRow | undefined> {
  await tx.row(sql`select set_config('app.key_hash', ${hash.toString('hex')}, true)`)
  return tx.row<HashedKeyRow>(sql`select ${COLUMNS}, hash from app.api_key where hash = ${hash}`)
}

export async function touchKey(tx: Transaction, org: string, key: string, at: Date): Promise<void> {
  await tx.write(sql`update app.api_key set last_used_at = ${at} where org_id = ${org} and key_id = ${key}`)
}

/** Whether the organization has a key that is valid at `at` and may create others. */
export async function hasUsableKey(tx: Transaction, org: string, at: Date): Promise<boolean> {
  const found = await tx.row(
    sql`select from app.api_key
        where org_id = ${org} and revoked_at is null and (expires_at is null or expires_at > ${at}) and 'keys:write' = any (scopes) limit 1`,
  )
  return found !== undefined
}
