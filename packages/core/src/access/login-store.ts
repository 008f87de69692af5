import type { Transaction } from '../database/database.ts'

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
  await tx.kysely.insertInto('app.login').values(row).execute()
}

export function selectLogin(tx: Transaction, org: string, login: string): Promise<LoginRow | undefined> {
  return tx.kysely.selectFrom('app.login').selectAll().where('org_id', '=', org).where('login_id', '=', login).executeTakeFirst()
}

/** Puts the next refresh token in the place of this one. False: this one was not the good one any more. */
export async function advanceLogin(
  tx: Transaction,
  login: Pick<LoginRow, 'org_id' | 'login_id' | 'generation'>,
  until: Date,
): Promise<boolean> {
  const result = await tx.kysely
    .updateTable('app.login')
    .set({ generation: login.generation + 1, expires_at: until })
    .where('org_id', '=', login.org_id)
    .where('login_id', '=', login.login_id)
    .where('generation', '=', login.generation)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Ends one login of a key, or all of them. How many had not ended. */
export async function endLogins(
  tx: Transaction,
  org: string,
  which: { readonly login: string } | { readonly key: string },
  at: Date,
): Promise<number> {
  const update = tx.kysely.updateTable('app.login').set({ revoked_at: at }).where('org_id', '=', org).where('revoked_at', 'is', null)
  const chosen = 'login' in which ? update.where('login_id', '=', which.login) : update.where('key_id', '=', which.key)
  return Number((await chosen.executeTakeFirst()).numUpdatedRows)
}
