import type { Database } from '../database/database.ts'

const KEPT_FOR_MS = 90 * 86_400_000

/** Traces deleted in one step: so many mean that there may be more. */
export const FORGET_CALLS_BATCH = 1000

/** Deletes the traces of old calls, some at a time. Returns how many. */
export function forgetCalls(database: Database, now: number): Promise<number> {
  return database.loop(async ({ client }) => {
    const result = await client.query(
      `delete from app.tool_call where (org_id, call_id) in (
         select org_id, call_id from app.tool_call where started_at < $1 limit ${FORGET_CALLS_BATCH})`,
      [new Date(now - KEPT_FOR_MS)],
    )
    return result.rowCount ?? 0
  })
}
