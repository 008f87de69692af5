import type { Transaction } from '../database/database.ts'

export interface StoredAnswer {
  readonly fingerprint: Buffer
  readonly answer: unknown
  readonly at: Date
}

/** Held to the end of the transaction. False: another request with the same key is in progress. */
export async function lockKey(tx: Transaction, org: string, key: string): Promise<boolean> {
  const { rows } = await tx.client.query<{ locked: boolean }>('select pg_try_advisory_xact_lock(hashtextextended($1, 7)) as locked', [
    `${org}/${key}`,
  ])
  return rows[0]?.locked ?? false
}

export function selectAnswer(tx: Transaction, org: string, key: string): Promise<StoredAnswer | undefined> {
  return tx.kysely
    .selectFrom('app.idempotency_key')
    .select(['fingerprint', 'answer', 'at'])
    .where('org_id', '=', org)
    .where('key', '=', key)
    .executeTakeFirst()
}

export async function deleteAnswer(tx: Transaction, org: string, key: string): Promise<void> {
  await tx.kysely.deleteFrom('app.idempotency_key').where('org_id', '=', org).where('key', '=', key).execute()
}

export async function insertAnswer(tx: Transaction, org: string, key: string, stored: StoredAnswer): Promise<void> {
  await tx.kysely
    .insertInto('app.idempotency_key')
    .values({ org_id: org, key, fingerprint: stored.fingerprint, answer: JSON.stringify(stored.answer), at: stored.at })
    .execute()
}

export type StoredClaim = Omit<StoredAnswer, 'answer'>

export function selectClaim(tx: Transaction, org: string, key: string): Promise<StoredClaim | undefined> {
  return tx.kysely
    .selectFrom('app.idempotency_claim')
    .select(['fingerprint', 'at'])
    .where('org_id', '=', org)
    .where('key', '=', key)
    .executeTakeFirst()
}

export async function insertClaim(tx: Transaction, org: string, key: string, claim: StoredClaim): Promise<void> {
  await tx.kysely
    .insertInto('app.idempotency_claim')
    .values({ org_id: org, key, ...claim })
    .execute()
}

export async function deleteClaim(tx: Transaction, org: string, key: string): Promise<void> {
  await tx.kysely.deleteFrom('app.idempotency_claim').where('org_id', '=', org).where('key', '=', key).execute()
}
