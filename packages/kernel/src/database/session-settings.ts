/** Settings that end with the transaction. Row-level security reads which organizations it sees. */
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

/** PostgreSQL ends the transaction when nothing is asked in it for so long: a process that stands still must not keep what it has locked. */
export async function limitIdle(tx: Transaction, ms: number): Promise<void> {
  await tx.rows(sql`select set_config('idle_in_transaction_session_timeout', ${String(ms)}, true)`)
}
