/** Which organizations a transaction sees. Row-level security reads these settings, and they end with the transaction. */
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** Within `work` the list of all organizations is visible and can be added to, each with its first key. Their other rows stay hidden. */
export async function seeAllOrgs<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
  await tx.row(sql`select set_config('app.all_orgs', 'on', true)`)
  const result = await work()
  await tx.row(sql`select set_config('app.all_orgs', '', true)`)
  return result
}

/** From here on the transaction sees the rows of `org` (a UUID) instead of those of the organization it began with. */
export async function seeOrg(tx: Transaction, org: string): Promise<void> {
  await tx.row(sql`select set_config('app.org_id', ${org}, true)`)
}
