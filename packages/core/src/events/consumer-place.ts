import type { Event } from '@orrery/contract'
import type { OrgId, RunId } from '@orrery/engine'
import type pg from 'pg'
import type { Database } from '../database/database.ts'
import { sql } from '../database/sql.ts'
import { type EventRow, toEvent } from './event-row.ts'

/** An event as a consumer gets it, of whatever organization. */
export interface ConsumedEvent {
  readonly org: OrgId
  /** As callers see it. */
  readonly event: Event
  /** As the engine wrote it: the UUID of a run where `event.subject` is its public id. */
  readonly subject: string
  /** UUID of the run that wrote it or that it is about; null: neither. */
  readonly run: RunId | null
}

/** Some events of the log, one behind the other. */
export interface Page {
  /** Those that the consumer wants. */
  readonly events: readonly ConsumedEvent[]
  /** Behind all that was read, wanted or not; null: nothing was read. */
  readonly end: { readonly tx: string; readonly id: string } | null
  /** There may be more. */
  readonly isFull: boolean
}

/** Puts a new consumer on record, behind all that has happened or before it. One that is known keeps its place. */
export async function insertPlace(database: Database, name: string, begin: 'oldest' | 'now'): Promise<void> {
  const from = begin === 'oldest' ? sql`'0'::xid8` : sql`pg_snapshot_xmin(pg_current_snapshot())`
  await database.ask(sql`insert into app.event_consumer (name, tx, id, updated_at) select ${name}, ${from}, 0, now()
     where not exists (select from app.event_consumer where name = ${name}) on conflict do nothing`)
}

/** For the rest of the transaction nobody else works for this consumer. False: somebody does. It takes no row lock, so it hides no events. */
export async function lockPlace(client: pg.ClientBase, name: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>({
    name: 'consumer_lock',
    text: `select pg_try_advisory_xact_lock(hashtext('orrery event consumer'), hashtext($1)) as locked`,
    values: [name],
  })
  return rows[0]?.locked ?? false
}

/**
 * The next events behind the consumer's place. Nothing at or above the oldest transaction in progress is read, which could still add
 * rows below it. What the condition `only` leaves out is read and dropped in the database.
 */
export async function readPage(client: pg.ClientBase, name: string, { only, limit }: { only: string; limit: number }): Promise<Page> {
  interface Row extends EventRow {
    org: OrgId
    run: RunId | null
    wanted: boolean
    last: boolean
    count: number
  }
  const { rows } = await client.query<Row>({
    // The condition is the name's own.
    name: `consumer_page_${name}`,
    text: `with page as materialized (
       select e.* from engine.event e
       where (e.tx, e.id) > ((select c.tx from app.event_consumer c where c.name = $1), (select c.id from app.event_consumer c where c.name = $1))
         and e.tx < pg_snapshot_xmin(pg_current_snapshot())
       order by e.tx, e.id limit $2
     ), judged as (
       select e.*, (${only}) is true as wanted, row_number() over (order by e.tx, e.id) as place, count(*) over ()::int as count from page e
     )
     select org_id as org, run_id as run, tx::text, id::text, at, type, subject, case when wanted then data end as data, wanted, place = count as last, count
     from judged where wanted or place = count order by judged.tx, judged.id`,
    values: [name, limit],
  })
  const end = rows.at(-1)
  if (end === undefined) return { events: [], end: null, isFull: false }
  const events = rows.filter(({ wanted }) => wanted).map((row) => toConsumed(row, row.org, row.run))
  return { events, end: { tx: end.tx, id: end.id }, isFull: end.count === limit }
}

/** A loss of this write makes the events come again, no more: so the commit need not wait for the disk. */
export async function movePlace(client: pg.ClientBase, name: string, end: NonNullable<Page['end']>): Promise<void> {
  await client.query(`set local synchronous_commit = off`)
  await client.query({
    name: 'consumer_move',
    text: `update app.event_consumer set tx = $2::xid8, id = $3::bigint, updated_at = now() where name = $1`,
    values: [name, end.tx, end.id],
  })
}

/** Which of these consumers have something to read, and whether there is more that an older transaction in progress hides. */
export async function findBehind(database: Database, names: readonly string[]): Promise<{ behind: string[]; isHiding: boolean }> {
  const [row] = await database.ask<{
    behind: string[]
    hiding: boolean | null
  }>(sql`select (select e.tx >= pg_snapshot_xmin(s) from engine.event e order by e.tx desc, e.id desc limit 1) as hiding,
       array(select c.name from app.event_consumer c where c.name = any (${names}) and (c.tx, c.id) < (
         select e.tx, e.id from engine.event e where e.tx < pg_snapshot_xmin(s) order by e.tx desc, e.id desc limit 1)) as behind
     from pg_current_snapshot() s`)
  return { behind: row?.behind ?? [], isHiding: row?.hiding ?? false }
}

function toConsumed(row: EventRow, org: OrgId, run: RunId | null): ConsumedEvent {
  const event = toEvent(row)
  // Only events of a run have a subject that reads otherwise outside.
  return { org, event, subject: row.subject, run: run ?? (event.subject === row.subject ? null : row.subject) }
}
