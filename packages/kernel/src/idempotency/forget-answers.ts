import type { Database } from '../database/database.ts'
import { KEPT_FOR_MS } from './answer-once.ts'
import { deleteOldAnswers, deleteOldClaims } from './idempotency-store.ts'

/** Answers deleted in one step. A full batch means that more may remain. */
export const FORGET_ANSWERS_BATCH = 1000

/** Deletes all expired claims and one batch of expired answers. Returns how many answers it deleted. */
export function forgetAnswers(database: Database, now: number): Promise<number> {
  const expired = new Date(now - KEPT_FOR_MS)
  return database.loop(async (tx) => {
    await deleteOldClaims(tx, expired)
    return deleteOldAnswers(tx, expired, FORGET_ANSWERS_BATCH)
  })
}
