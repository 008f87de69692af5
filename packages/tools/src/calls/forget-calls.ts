import type { Database } from '@orrery/kernel'
import { deleteToolCalls } from './tool-call-store.ts'

const KEPT_FOR_MS = 90 * 86_400_000

/** Batch size. A full batch means that more rows may remain. */
export const FORGET_CALLS_BATCH = 1000

/** Deletes one batch of traces that are older than 90 days. Returns the number of deleted traces. */
export function forgetCalls(database: Database, now: number): Promise<number> {
  return database.loop((tx) => deleteToolCalls(tx, new Date(now - KEPT_FOR_MS), FORGET_CALLS_BATCH))
}
