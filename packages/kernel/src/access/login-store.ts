import type { Transaction } from '../database/database.ts'
import { insertInto, sql } from '../database/sql.ts'

export interface LoginRow {
  readonly org_id: string
  readonly login_id: string
  readonly key_id: string
  readonly generation: number
  readonly contract: string | null
  readonly created_at: Date
  readonly expires_at: Date
  readonly revoked_at: Date | null
}

export async function insertLogin(tx: Transaction, row: LoginRow): Promise<void> {
  await tx.write(insertInto('app.login', row))
}

export function selectLogin(tx: Transaction, org: string, login: string): Promise<LoginRow | undefined> {
  return tx.row<LoginRow>(
    sql`select org_id, login_id, key_id, generation, contract, created_at, expires_at, revoked_at
        from app.login where org_id = ${org} and login_id = ${login}`,
  )
}

/** Puts the next refresh token in the place of this one. False: this one had been replaced or its login had ended. */
export async function advanceLogin(
  tx: Transaction,
  login: Pick<LoginRow, 'org_id' | 'login_id' | 'generation'>,
  until: Date,
): Promise<boolean> {
  const { org_id: org, login_id: id, generation } = login
  const written = await tx.write(
    sql`update app.login set generation = ${generation + 1}, expires_at = ${until}
        where org_id = ${org} and login_id = ${id} and generation = ${generation} and revoked_at is null`,
  )
  return written > 0
}

/** Ends one login of a key, or all of them. How many had not ended. */
export function endLogins(
  tx: Transaction,
  org: string,
  which: { readonly login: string } | { readonly key: string },
  at: Date,
): Promise<number> {
  const chosen = 'login' in which ? sql`login_id = ${which.login}` : sql`key_id = ${which.key}`
  return tx.write(sql`update app.login set revoked_at = ${at} where org_id = ${org} and revoked_at is null and ${chosen}`)
}

/** In all organizations, up to `limit` of those that expired first. Returns how many. */
export function deleteExpiredLogins(tx: Transaction, before: Date, limit: number): Promise<number> {
  return tx.write(
    sql`delete from app.login where (org_id, login_id) in (
          select org_id, login_id from app.login where expires_at < ${before} order by expires_at limit ${limit} for update skip locked)`,
  )
}
