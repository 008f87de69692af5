import type { Event } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import { prepared, sql } from '../database/sql.ts'
import { parsePosition } from './event-position.ts'
import { type EventRow, toEvent } from './event-row.ts'

export interface EventFilter {
  /** Only events after this id; null: from the oldest stored event on. */
  readonly after: string | null
  readonly type?: string | undefined
  /** The engine's form: a UUID for a run. */
  readonly subject?: string | undefined
  readonly limit: number
}

const EVENT = sql`e.tx::text, e.id::text, e.at, e.type, e.subject, e.data`

/** The same text for every filter, because the statements are prepared. */
const meets = ({ type, subject }: Pick<EventFilter, 'type' | 'subject'>) =>
  sql`(${type}::text is null or e.type = ${type}) and (${subject}::text is null or e.subject = ${subject})`

/**
 * Events in the order of the log. A transaction in progress may still add rows with a smaller position, so events at or above the oldest
 * transaction in progress are not read. A reader that continues after the last event it got therefore skips nothing.
 */
export async function selectEvents(tx: Transaction, org: string, filter: EventFilter): Promise<Event[]> {
  // Passed as plain numbers, because the database would read a number with a leading 0 as octal.
  const after = parsePosition(filter.after ?? '0-0')
  const statement = sql`select ${EVENT} from engine.event_view e
      where e.org_id = ${org} and (e.tx, e.id) > (${String(after.tx)}::xid8, ${String(after.row)}::bigint)
        and e.tx < pg_snapshot_xmin(pg_current_snapshot()) and ${meets(filter)}
      order by e.tx, e.id limit ${filter.limit}`
  return (await tx.rows<EventRow>(prepared('event_read', statement))).map(toEvent)
}

/** Events in the opposite order, newest first. @param filter `before`: only events before this id; null: from the newest on */
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

/** The position below which the log is complete. A reader that begins there gets all events that are written from now on. */
export async function selectNow(tx: Transaction): Promise<string> {
  const row = await tx.row<{ tx: string }>(sql`select pg_snapshot_xmin(pg_current_snapshot())::text as tx`)
  return `${row?.tx ?? '0'}-0`
}

/** Whether a transaction is in progress that may hide events: `selectEvents` omits later transactions, even if they have committed. */
export async function selectHiding(tx: Transaction): Promise<boolean> {
  const row = await tx.row<{ hiding: boolean }>(
    prepared('event_hiding', sql`select pg_snapshot_xmin(s) < pg_snapshot_xmax(s) as hiding from pg_current_snapshot() s`),
  )
  return row?.hiding ?? false
}
