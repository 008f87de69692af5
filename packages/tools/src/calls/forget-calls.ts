import type { Database } from '@orrery/kernel'
import { deleteToolCalls } from './tool-call-store.ts'

const KEPT_FOR_MS = 90 * 86_400_000

/** Traces deleted in one step: when a step deletes this many, there may be more. */
export const FORGET_CALLS_BATCH = 1000

/** Deletes the traces of old calls, a batch at a time. Returns how many. */
export function forgetCalls(database: Database, now: number): Promise<number> {
  return database.loop((tx) => deleteToolCalls(tx, new Date(now - KEPT_FOR_MS), FORGET_CALLS_BATCH))
}
