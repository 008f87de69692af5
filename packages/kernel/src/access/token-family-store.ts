import type { Transaction } from '../database/database.ts'
import { insertInto, sql } from '../database/sql.ts'

export interface TokenFamilyRow {
  readonly org_id: string
  readonly family_id: string
  readonly key_id: string
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
    sql`select org_id, family_id, key_id, generation, contract, created_at, expires_at, revoked_at
        from app.token_family where org_id = ${org} and family_id = ${family}`,
  )
}

/** Puts the next refresh token in the place of this one. False: this one had been replaced or its token family had ended. */
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

/** Ends one token family of a key, or all of them. How many had not ended. */
export function endFamilies(
  tx: Transaction,
  org: string,
  which: { readonly family: string } | { readonly key: string },
  at: Date,
): Promise<number> {
  const chosen = 'family' in which ? sql`family_id = ${which.family}` : sql`key_id = ${which.key}`
  return tx.write(sql`update app.token_family set revoked_at = ${at} where org_id = ${org} and revoked_at is null and ${chosen}`)
}

/** In all organizations, up to `limit` of those that expired first. Returns how many. */
export function deleteExpiredFamilies(tx: Transaction, before: Date, limit: number): Promise<number> {
  return tx.write(
    sql`delete from app.token_family where (org_id, family_id) in (
          select org_id, family_id from app.token_family where expires_at < ${before} order by expires_at limit ${limit} for update skip locked)`,
  )
}
