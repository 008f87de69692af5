import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** PostgreSQL ends this transaction if it is idle for longer: a process that stands still must not keep what it has locked. */
export async function limitIdle(tx: Transaction, ms: number): Promise<void> {
  await tx.rows(sql`select set_config('idle_in_transaction_session_timeout', ${String(ms)}, true)`)
}
