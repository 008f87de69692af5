import type { Event } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import { prepared, sql } from '../database/sql.ts'
import { parsePosition } from './event-position.ts'
import { type EventRow, toEvent } from './event-row.ts'

export interface EventFilter {
  /** Events behind this id; null: from the oldest kept. */
  readonly after: string | null
  readonly type?: string | undefined
  /** As the engine knows it: a UUID for a run. */
  readonly subject?: string | undefined
  readonly limit: number
}

const EVENT = sql`e.tx::text, e.id::text, e.at, e.type, e.subject, e.data`

/** One text for all filters, because it is prepared. */
const meets = ({ type, subject }: Pick<EventFilter, 'type' | 'subject'>) =>
  sql`(${type}::text is null or e.type = ${type}) and (${subject}::text is null or e.subject = ${subject})`

/**
 * Events in the order of the log. A transaction still in progress may yet add rows with a smaller position, so nothing at
 * or above the oldest of those is read: a reader that continues behind what it got skips nothing.
 */
export async function selectEvents(tx: Transaction, org: string, filter: EventFilter): Promise<Event[]> {
  // As plain numbers: the database would read one that begins with 0 as octal.
  const after = parsePosition(filter.after ?? '0-0')
  const statement = sql`select ${EVENT} from engine.event_view e
      where e.org_id = ${org} and (e.tx, e.id) > (${String(after.tx)}::xid8, ${String(after.row)}::bigint)
        and e.tx < pg_snapshot_xmin(pg_current_snapshot()) and ${meets(filter)}
      order by e.tx, e.id limit ${filter.limit}`
  return (await tx.rows<EventRow>(prepared('event_read', statement))).map(toEvent)
}

/** The same, newest first: the events before this id, or all. */
export async function selectEventsBack(
  tx: Transaction,
  org: string,
  filter: Omit<EventFilter, 'after'> & { readonly before: string | null },
): Promise<Event[]> {
  const before = filter.before === null ? null : parsePosition(filter.before)
  const [beforeTx, beforeRow] = before === null ? [null, null] : [String(before.tx), String(before.row)]
  const statement = sql`select ${EVENT} from engine.event_view e
      where e.org_id = ${org} and (${beforeTx}::xid8 is null or (e.tx, e.id) < (${beforeTx}::xid8, ${beforeRow}::bigint))
        and e.tx < pg_snapshot_xmin(pg_current_snapshot()) and ${meets(filter)}
      order by e.tx desc, e.id desc limit ${filter.limit}`
  return (await tx.rows<EventRow>(prepared('event_read_back', statement))).map(toEvent)
}

/** The place behind everything that is sure to be complete: a reader that begins here gets what happens from now on. */
export async function selectNow(tx: Transaction): Promise<string> {
  const row = await tx.row<{ tx: string }>(sql`select pg_snapshot_xmin(pg_current_snapshot())::text as tx`)
  return `${row?.tx ?? '0'}-0`
}

/** Whether a transaction is in progress: `selectEvents` leaves out what began after it, even if that is committed. */
export async function selectHiding(tx: Transaction): Promise<boolean> {
  const row = await tx.row<{ hiding: boolean }>(
    prepared('event_hiding', sql`select pg_snapshot_xmin(s) < pg_snapshot_xmax(s) as hiding from pg_current_snapshot() s`),
  )
  return row?.hiding ?? false
}
