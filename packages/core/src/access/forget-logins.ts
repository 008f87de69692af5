import type { Database } from '../database/database.ts'

/** Logins deleted in one step: so many mean that there may be more. */
export const FORGET_LOGINS_BATCH = 1000

/** Deletes logins whose tokens have all expired, some at a time. Returns how many. */
export function forgetLogins(database: Database, now: number): Promise<number> {
  return database.loop(async ({ client }) => {
    const result = await client.query(
      `delete from app.login where (org_id, login_id) in (
         select org_id, login_id from app.login where expires_at < $1 order by expires_at limit ${FORGET_LOGINS_BATCH} for update skip locked)`,
      [new Date(now - DAY_MS)],
    )
    return result.rowCount ?? 0
  })
}

/** Longer than any access token lives. */
const DAY_MS = 24 * 3_600_000
