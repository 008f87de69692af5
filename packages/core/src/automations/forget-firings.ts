import type { Database } from '@orrery/kernel'
import { removeOldFirings } from './firing-store.ts'

/** Batch size. A full batch means that more rows may remain. */
export const FIRINGS_BATCH = 1000
/** A firing is of interest for a quarter of a year, as calls of tools are. Its run is kept on its own terms. */
const KEPT_MS = 90 * 86_400_000

export function forgetFirings(database: Database, now: number): Promise<number> {
  return removeOldFirings(database, new Date(now - KEPT_MS), FIRINGS_BATCH)
}
