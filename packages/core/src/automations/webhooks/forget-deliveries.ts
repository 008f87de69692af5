import type { Database } from '@orrery/kernel'
import { removeOldDeliveries } from './webhook-store.ts'

/** Batch size. A full batch means that more rows may remain. */
export const DELIVERIES_BATCH = 1000
/** Senders try again for some days at most. */
const KEPT_MS = 7 * 86_400_000

export function forgetDeliveries(database: Database, now: number): Promise<number> {
  return removeOldDeliveries(database, new Date(now - KEPT_MS), DELIVERIES_BATCH)
}
