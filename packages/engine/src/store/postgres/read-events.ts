import type pg from 'pg'
import type { JsonText, Millis, OrgId } from '../store.ts'
import { onlyRow } from './workers.ts'

/** The position of a reader of the outbox. Both fields are decimal text, because they exceed the exact range of a number. */
export interface EventCursor {
  readonly tx: string
  readonly id: string
}

export const firstEvent: EventCursor = { tx: '0', id: '0' }

export interface StoredEvent extends EventCursor {
  readonly org: OrgId
  readonly type: string
  readonly subject: string
  readonly data: JsonText
  readonly at: Millis
}

/**
 * Events after a cursor, in the order of (tx, id), at most `limit`. Reads only events of transactions older than the oldest one in
 * progress, so an event whose transaction has a smaller number and commits later is not skipped. An open transaction delays all later
 * events. Reads what `client` may see: all orgs for the engine, one org for an app connection.
 */
export async function readEvents(client: pg.ClientBase | pg.Pool, after: EventCursor, limit: number): Promise<readonly StoredEvent[]> {
  const { rows } = await client.query<StoredEvent>({
    name: 'read_events',
    text: `select org_id as org, tx::text as tx, id::text as id, type, subject, data::text as data, engine.ms(at) as at
           from engine.event
           where (tx, id) > ($1::xid8, $2::bigint) and tx < pg_snapshot_xmin(pg_current_snapshot())
           order by engine.event.tx, engine.event.id limit $3`,
    values: [after.tx, after.id, limit],
  })
  return rows
}

/**
 * How many transactions the cluster is behind the newest event. More than 0 only after a dump was restored into another cluster. Until they
 * have passed, readers see neither the old events nor the new ones, whose transaction ids are below the readers' cursors.
 */
export async function readTransactionGap(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ gap: number }>(
    `select greatest(0, (select tx::text::bigint from engine.event order by tx desc limit 1)
       - pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1)::float8 as gap`,
  )
  return onlyRow(rows).gap
}
