import type { Database } from '../database/database.ts'
import { deleteExpiredLogins } from './login-store.ts'

/** Logins deleted in one step: when a step deletes this many, there may be more. */
export const FORGET_LOGINS_BATCH = 1000

/** Longer than any access token lives. */
const DAY_MS = 24 * 3_600_000

/** Deletes logins whose tokens have all expired, a batch at a time. Returns how many. */
export function forgetLogins(database: Database, now: number): Promise<number> {
  return database.loop((tx) => deleteExpiredLogins(tx, new Date(now - DAY_MS), FORGET_LOGINS_BATCH))
}
