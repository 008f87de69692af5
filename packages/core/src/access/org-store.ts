import type { Transaction } from '../database/database.ts'

export interface OrgRow {
  readonly org_id: string
  readonly name: string
  readonly created_at: Date
}

/** False if the name is taken. */
export async function insertOrg(tx: Transaction, row: OrgRow): Promise<boolean> {
  const result = await tx.kysely
    .insertInto('app.org')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst()
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
}

export function selectOrgs(tx: Transaction, after: string | null, limit: number): Promise<OrgRow[]> {
  let query = tx.kysely.selectFrom('app.org').selectAll()
  if (after !== null) query = query.where('name', '>', after)
  return query.orderBy('name').limit(limit).execute()
}

export function selectOrg(tx: Transaction, org: string): Promise<OrgRow | undefined> {
  return tx.kysely.selectFrom('app.org').selectAll().where('org_id', '=', org).executeTakeFirst()
}
