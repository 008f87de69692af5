import type { OrgId } from '@orrery/engine'
import { type Database, type Position, sql } from '@orrery/kernel'

/** Whether the log has an event of the organization at this position. */
export async function hasEvent(database: Database, org: OrgId, position: Position): Promise<boolean> {
  const found = await database.ask(
    sql`select from engine.event_view where org_id = ${org} and tx = ${String(position.tx)}::xid8 and id = ${String(position.row)}::bigint`,
  )
  return found.length > 0
}
