import type { Database } from '../database/database.ts'
import { deleteExpiredFamilies } from './token-family-store.ts'

/** Token families deleted in one step: when a step deletes this many, there may be more. */
export const FORGET_FAMILIES_BATCH = 1000

/** Longer than any access token lives. */
const DAY_MS = 24 * 3_600_000

/** Deletes token families whose tokens have all expired, a batch at a time. Returns how many. */
export function forgetTokenFamilies(database: Database, now: number): Promise<number> {
  return database.loop((tx) => deleteExpiredFamilies(tx, new Date(now - DAY_MS), FORGET_FAMILIES_BATCH))
}
