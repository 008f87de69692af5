import type { Transaction } from '../database/database.ts'
import { insertInto, sql } from '../database/sql.ts'

export interface StoredAnswer {
  readonly fingerprint: Buffer
  readonly answer: unknown
  readonly at: Date
}

type StoredClaim = Omit<StoredAnswer, 'answer'>

/** Locks the key until the transaction ends. False: another request with the same key is in progress. */
export async function lockKey(tx: Transaction, org: string, key: string): Promise<boolean> {
  const row = await tx.row<{ locked: boolean }>(sql`select pg_try_advisory_xact_lock(hashtextextended(${`${org}/${key}`}, 7)) as locked`)
  return row?.locked ?? false
}

export function selectAnswer(tx: Transaction, org: string, key: string): Promise<StoredAnswer | undefined> {
  return tx.row<StoredAnswer>(sql`select fingerprint, answer, at from app.idempotency_key where org_id = ${org} and key = ${key}`)
}

export async function deleteAnswer(tx: Transaction, org: string, key: string): Promise<void> {
  await tx.write(sql`delete from app.idempotency_key where org_id = ${org} and key = ${key}`)
}

export async function insertAnswer(tx: Transaction, org: string, key: string, stored: StoredAnswer): Promise<void> {
  await tx.write(insertInto('app.idempotency_key', { org_id: org, key, ...stored, answer: JSON.stringify(stored.answer) }))
}

export function selectClaim(tx: Transaction, org: string, key: string): Promise<StoredClaim | undefined> {
  return tx.row<StoredClaim>(sql`select fingerprint, at from app.idempotency_claim where org_id = ${org} and key = ${key}`)
}

export async function insertClaim(tx: Transaction, org: string, key: string, claim: StoredClaim): Promise<void> {
  await tx.write(insertInto('app.idempotency_claim', { org_id: org, key, ...claim }))
}

export async function deleteClaim(tx: Transaction, org: string, key: string): Promise<void> {
  await tx.write(sql`delete from app.idempotency_claim where org_id = ${org} and key = ${key}`)
}

/** Deletes claims older than `before`, in all organizations. */
export async function deleteOldClaims(tx: Transaction, before: Date): Promise<void> {
  await tx.write(sql`delete from app.idempotency_claim where at < ${before}`)
}

/** Deletes up to `limit` answers older than `before`, in all organizations, the oldest first. Returns how many. */
export function deleteOldAnswers(tx: Transaction, before: Date, limit: number): Promise<number> {
  return tx.write(
    sql`delete from app.idempotency_key where (org_id, key) in (
          select org_id, key from app.idempotency_key where at < ${before} order by at limit ${limit} for update skip locked)`,
  )
}
