/** Settings that last until the transaction ends. Row-level security reads from them which organizations are visible. */
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/**
 * Within `work` the transaction sees the rows of `app.org` of all organizations and may add organizations with a first key. All other rows
 * stay hidden.
 */
export async function seeAllOrgs<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
  await tx.row(sql`select set_config('app.all_orgs', 'on', true)`)
  const result = await work()
  await tx.row(sql`select set_config('app.all_orgs', '', true)`)
  return result
}

/** From now on the transaction sees the rows of `org` (a UUID), and no longer those of the organization it began with. */
export async function seeOrg(tx: Transaction, org: string): Promise<void> {
  await tx.row(sql`select set_config('app.org_id', ${org}, true)`)
}

/** PostgreSQL ends the transaction when it is idle for this long, so that a stopped process does not keep its locks. */
export async function limitIdle(tx: Transaction, ms: number): Promise<void> {
  await tx.rows(sql`select set_config('idle_in_transaction_session_timeout', ${String(ms)}, true)`)
}

/** From now on the transaction also sees what a person (a UUID) is in each organization. */
export async function seePerson(tx: Transaction, person: string): Promise<void> {
  await tx.row(sql`select set_config('app.person_id', ${person}, true)`)
}
