import type { Database } from '../database/database.ts'
import { deleteExpiredFamilies } from './token-family-store.ts'

/** Token families deleted in one step. A full batch means that more may remain. */
export const FORGET_FAMILIES_BATCH = 1000

/** Longer than the lifetime of any access token. */
const DAY_MS = 24 * 3_600_000

/** Deletes one batch of token families whose tokens have all expired. Returns how many. */
export function forgetTokenFamilies(database: Database, now: number): Promise<number> {
  return database.loop((tx) => deleteExpiredFamilies(tx, new Date(now - DAY_MS), FORGET_FAMILIES_BATCH))
}
