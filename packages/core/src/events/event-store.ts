import type { Event } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
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

/**
 * Events in the order of the log. A transaction still in progress may yet add rows with a smaller position, so nothing at
 * or above the oldest of those is read: a reader that goes on behind what it got skips nothing.
 */
export async function selectEvents(tx: Transaction, org: string, filter: EventFilter): Promise<Event[]> {
  // As plain numbers: the database would read one that begins with 0 as octal.
  const after = parsePosition(filter.after ?? '0-0')
  const { rows } = await tx.client.query<EventRow>({
    name: 'event_read',
    text: `select e.tx::text, e.id::text, e.at, e.type, e.subject, e.data from engine.event e
           where e.org_id = $1 and (e.tx, e.id) > ($2::xid8, $3::bigint) and e.tx < pg_snapshot_xmin(pg_current_snapshot())
             and ($4::text is null or e.type = $4) and ($5::text is null or e.subject = $5)
           order by e.tx, e.id limit $6`,
    values: [org, String(after.tx), String(after.row), filter.type ?? null, filter.subject ?? null, filter.limit],
  })
  return rows.map(toEvent)
}

/** The same from the newest: what lies before this id, or all of it. */
export async function selectEventsBack(
  tx: Transaction,
  org: string,
  filter: Omit<EventFilter, 'after'> & { readonly before: string | null },
): Promise<Event[]> {
  const before = filter.before === null ? null : parsePosition(filter.before)
  const { rows } = await tx.client.query<EventRow>({
    name: 'event_read_back',
    text: `select e.tx::text, e.id::text, e.at, e.type, e.subject, e.data from engine.event e
           where e.org_id = $1 and ($2::xid8 is null or (e.tx, e.id) < ($2::xid8, $3::bigint)) and e.tx < pg_snapshot_xmin(pg_current_snapshot())
             and ($4::text is null or e.type = $4) and ($5::text is null or e.subject = $5)
           order by e.tx desc, e.id desc limit $6`,
    values: [
      org,
      before === null ? null : String(before.tx),
      before === null ? null : String(before.row),
      filter.type ?? null,
      filter.subject ?? null,
      filter.limit,
    ],
  })
  return rows.map(toEvent)
}

/** The place behind everything that is sure to be complete: who reads on from here gets what happens from now on. */
export async function selectNow(tx: Transaction): Promise<string> {
  const { rows } = await tx.client.query<{ tx: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as tx')
  return `${rows[0]?.tx ?? '0'}-0`
}

/** Whether a transaction is in progress: `selectEvents` leaves out what began after it, even if that is committed. */
export async function selectHiding(tx: Transaction): Promise<boolean> {
  const { rows } = await tx.client.query<{ hiding: boolean }>({
    name: 'event_hiding',
    text: 'select pg_snapshot_xmin(s) < pg_snapshot_xmax(s) as hiding from pg_current_snapshot() s',
  })
  return rows[0]?.hiding ?? false
}
