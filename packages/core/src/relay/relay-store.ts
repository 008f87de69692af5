import type { OrgId } from '@orrery/engine'
import { type Position, sql, type Transaction } from '@orrery/kernel'

/** Whether the log has an event of the organization at this position. */
export async function hasEvent(tx: Transaction, org: OrgId, position: Position): Promise<boolean> {
  const found = await tx.row(
    sql`select from engine.event where org_id = ${org} and tx = ${String(position.tx)}::xid8 and id = ${String(position.row)}::bigint`,
  )
  return found !== undefined
}
