/** Settings that hold to the end of a transaction. */
import { type Sql, sql } from './sql.ts'

/** PostgreSQL ends the transaction when nothing is asked in it for so many milliseconds. */
export const pauseTimeout = (ms: number): Sql => sql`select set_config('idle_in_transaction_session_timeout', ${String(ms)}, true)`
