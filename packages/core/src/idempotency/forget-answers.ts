import type { Database } from '../database/database.ts'
import { KEPT_FOR_MS } from './answer-once.ts'

/** Answers deleted in one step: so many mean that there may be more. */
export const FORGET_BATCH = 1000

/** Deletes the answers of expired idempotency keys, some at a time. Returns how many. */
export function forgetAnswers(database: Database, now: number): Promise<number> {
  return database.loop(async ({ client }) => {
    const expired = new Date(now - KEPT_FOR_MS)
    await client.query('delete from app.idempotency_claim where at < $1', [expired])
    const result = await client.query(
      `delete from app.idempotency_key where (org_id, key) in (
         select org_id, key from app.idempotency_key where at < $1 order by at limit ${FORGET_BATCH} for update skip locked)`,
      [expired],
    )
    return result.rowCount ?? 0
  })
}
