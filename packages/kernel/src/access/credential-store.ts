import type { Transaction } from '../database/database.ts'
import { empty, insertInto, sql } from '../database/sql.ts'
import type { CredentialRow } from './credential-row.ts'

const COLUMNS = sql`org_id, credential_id, agent_id, name, prefix, created_at, expires_at, last_used_at, revoked_at`

export async function insertCredential(tx: Transaction, row: CredentialRow, hash: Buffer): Promise<void> {
  await tx.write(insertInto('app.credential', { ...row, hash }))
}

interface OfAgent {
  readonly org: string
  readonly agent: string
}

/** Newest first, because ids sort by creation time. */
export function selectCredentials(tx: Transaction, { org, agent }: OfAgent, before: string | null, limit: number) {
  return tx.rows<CredentialRow>(
    sql`select ${COLUMNS} from app.credential
        where org_id = ${org} and agent_id = ${agent} ${before === null ? empty : sql`and credential_id < ${before}`}
        order by credential_id desc limit ${limit}`,
  )
}

export function selectCredential(tx: Transaction, org: string, credential: string): Promise<CredentialRow | undefined> {
  return tx.row<CredentialRow>(sql`select ${COLUMNS} from app.credential where org_id = ${org} and credential_id = ${credential}`)
}

/** Returns the row after the change. A credential that was revoked earlier keeps its time of revocation. */
export async function markCredentialRevoked(tx: Transaction, { org, agent }: OfAgent, credential: string, at: Date) {
  return tx.row<CredentialRow>(
    sql`update app.credential set revoked_at = coalesce(revoked_at, ${at})
        where org_id = ${org} and agent_id = ${agent} and credential_id = ${credential} returning ${COLUMNS}`,
  )
}

type HashedCredentialRow = CredentialRow & { readonly hash: Buffer }

/** The credential with this hash among those of all organizations, as `selectKeyByHash` finds keys. */
export async function selectCredentialByHash(tx: Transaction, hash: Buffer): Promise<HashedCredentialRow | undefined> {
  await tx.row(sql`select set_config('app.key_hash', ${hash.toString('hex')}, true)`)
  return tx.row<HashedCredentialRow>(sql`select ${COLUMNS}, hash from app.credential where hash = ${hash}`)
}

export async function touchCredential(tx: Transaction, org: string, credential: string, at: Date): Promise<void> {
  await tx.write(sql`update app.credential set last_used_at = ${at} where org_id = ${org} and credential_id = ${credential}`)
}
