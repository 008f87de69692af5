import type { Transaction } from '../database/database.ts'
import { insertInto, sql } from '../database/sql.ts'

/** What a token family belongs to: a key, or a credential of an agent. */
export type FamilyOwner =
  | { readonly key_id: string; readonly credential_id: null }
  | { readonly key_id: null; readonly credential_id: string }

export type TokenFamilyRow = FamilyOwner & {
  readonly org_id: string
  readonly family_id: string
  readonly generation: number
  readonly contract: string | null
  readonly created_at: Date
  readonly expires_at: Date
  readonly revoked_at: Date | null
}

export async function insertFamily(tx: Transaction, row: TokenFamilyRow): Promise<void> {
  await tx.write(insertInto('app.token_family', row))
}

export function selectFamily(tx: Transaction, org: string, family: string): Promise<TokenFamilyRow | undefined> {
  return tx.row<TokenFamilyRow>(
    sql`select org_id, family_id, key_id, credential_id, generation, contract, created_at, expires_at, revoked_at
        from app.token_family where org_id = ${org} and family_id = ${family}`,
  )
}

/** Replaces the family's refresh token by the next one. False: the token was already replaced, or its token family has ended. */
export async function advanceFamily(
  tx: Transaction,
  family: Pick<TokenFamilyRow, 'org_id' | 'family_id' | 'generation'>,
  until: Date,
): Promise<boolean> {
  const { org_id: org, family_id: id, generation } = family
  const written = await tx.write(
    sql`update app.token_family set generation = ${generation + 1}, expires_at = ${until}
        where org_id = ${org} and family_id = ${id} and generation = ${generation} and revoked_at is null`,
  )
  return written > 0
}

/** Ends one token family, or all families of a key or credential. Returns how many it ended. */
export function endFamilies(tx: Transaction, org: string, which: { readonly family: string } | FamilyOwner, at: Date): Promise<number> {
  const chosen =
    'family' in which
      ? sql`family_id = ${which.family}`
      : which.key_id === null
        ? sql`credential_id = ${which.credential_id}`
        : sql`key_id = ${which.key_id}`
  return tx.write(sql`update app.token_family set revoked_at = ${at} where org_id = ${org} and revoked_at is null and ${chosen}`)
}

/** Deletes up to `limit` families that expired before `before`, in all organizations, the oldest first. Returns how many. */
export function deleteExpiredFamilies(tx: Transaction, before: Date, limit: number): Promise<number> {
  return tx.write(
    sql`delete from app.token_family where (org_id, family_id) in (
          select org_id, family_id from app.token_family where expires_at < ${before} order by expires_at limit ${limit} for update skip locked)`,
  )
}
