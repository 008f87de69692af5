import type { Database } from '../../database/database.ts'
import { sql } from '../../database/sql.ts'

/** Rows removed in one step: so many mean that there may be more. */
export const DELIVERIES_BATCH = 1000
/** Senders try again for some days at most. */
const KEPT_MS = 7 * 86_400_000

export async function forgetDeliveries(database: Database, now: number): Promise<number> {
  const rows = await database.ask(sql`delete from app.webhook_delivery d using (
       select org_id, trigger_id, delivery_hash from app.webhook_delivery where at < ${new Date(now - KEPT_MS)} limit ${DELIVERIES_BATCH} for update skip locked
     ) old
     where d.org_id = old.org_id and d.trigger_id = old.trigger_id and d.delivery_hash = old.delivery_hash returning 1`)
  return rows.length
}
