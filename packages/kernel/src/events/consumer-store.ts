import type { OrgId, RunId } from '@orrery/engine'
import type { Database } from '../database/database.ts'
import { prepared, type Sql, sql } from '../database/sql.ts'
import type { Position } from './event-position.ts'
import { type ConsumedEvent, type EventRow, toConsumed } from './event-row.ts'

/** Consecutive events of the log. */
export interface EventPage {
  /** The events that the consumer wants. */
  readonly events: readonly ConsumedEvent[]
  /** The position of the last event that was read, wanted or not; null: nothing was read. */
  readonly end: Position | null
  /** More events may follow. */
  readonly isFull: boolean
}

/** Records a new consumer with its position: the end of the log, or before the oldest event. A known consumer keeps its position. */
export async function registerConsumer(database: Database, name: string, begin: 'oldest' | 'now'): Promise<void> {
  const from = begin === 'oldest' ? sql`'0'::xid8` : sql`pg_snapshot_xmin(pg_current_snapshot())`
  await database.ask(
    sql`insert into app.event_consumer (name, tx, id, updated_at) select ${name}, ${from}, 0, now()
        where not exists (select from app.event_consumer where name = ${name}) on conflict do nothing`,
  )
}

/** The right of one process to work as a consumer. */
export interface Lease {
  /** The consumer's name. */
  readonly name: string
  /** A UUID for the consumer's instance in this process. */
  readonly holder: string
  readonly ms: number
}

/** Takes or renews the lease. False: another process holds it. */
export async function takeLease(database: Database, { name, holder, ms }: Lease): Promise<boolean> {
  const take = sql`update app.event_consumer set holder = ${holder}::uuid, leased_until = clock_timestamp() + ${ms} * interval '1 ms'
      where name = ${name} and (holder = ${holder}::uuid or leased_until is null or leased_until < clock_timestamp()) returning name`
  return (await database.readLog(prepared('consumer_take', take))).length > 0
}

/** Renews the lease, even an expired one if no other process has taken it. False: another process has taken it. */
export async function renewLease(database: Database, { name, holder, ms }: Lease): Promise<boolean> {
  const renew = sql`update app.event_consumer set leased_until = clock_timestamp() + ${ms} * interval '1 ms'
      where name = ${name} and holder = ${holder}::uuid returning name`
  return (await database.readLog(prepared('consumer_renew', renew))).length > 0
}

/** Releases the lease, so that other processes need not wait until it expires. */
export async function endLease(database: Database, { name, holder }: Lease): Promise<void> {
  await database.ask(
    sql`update app.event_consumer set holder = null, leased_until = null where name = ${name} and holder = ${holder}::uuid`,
  )
}

/**
 * The next events of all organizations after the consumer's position. Events at or above the oldest transaction in progress are not read,
 * because transactions in progress could still add events before them. Events that do not meet the condition `only` are read and dropped in
 * the database.
 */
export async function readPage(
  database: Database,
  name: string,
  { only = sql`true`, limit }: { only: Sql | undefined; limit: number },
): Promise<EventPage> {
  interface Row extends EventRow {
    org: OrgId
    run: RunId | null
    wanted: boolean
    last: boolean
    count: number
  }
  const statement = sql`with page as materialized (
        select e.* from engine.event_view e
        where (e.tx, e.id) > ((select c.tx from app.event_consumer c where c.name = ${name}),
                              (select c.id from app.event_consumer c where c.name = ${name}))
          and e.tx < pg_snapshot_xmin(pg_current_snapshot())
        order by e.tx, e.id limit ${limit}
      ), judged as (
        select e.*, (${only}) is true as wanted, row_number() over (order by e.tx, e.id) as place, count(*) over ()::int as count from page e
      )
      select org_id as org, run_id as run, tx::text, id::text, at, type, subject, case when wanted then data end as data, wanted,
        place = count as last, count
      from judged where wanted or place = count order by judged.tx, judged.id`
  // A prepared name must have one text, and the condition differs between consumers.
  const rows = await database.readLog<Row>(prepared(`consumer_page_${name}`, statement))
  const end = rows.at(-1)
  if (end === undefined) return { events: [], end: null, isFull: false }
  const events = rows.filter(({ wanted }) => wanted).map((row) => toConsumed(row, row.org, row.run))
  return { events, end: { tx: BigInt(end.tx), row: BigInt(end.id) }, isFull: end.count === limit }
}

/** Moves the consumer to a new position and renews the lease. False: another process has taken over, and will handle the events again. */
export async function moveConsumer(database: Database, { name, holder, ms }: Lease, end: Position): Promise<boolean> {
  const move = sql`update app.event_consumer set tx = ${end.tx}::xid8, id = ${end.row}::bigint, updated_at = now(),
      leased_until = clock_timestamp() + ${ms} * interval '1 ms'
      where name = ${name} and holder = ${holder}::uuid returning name`
  return (await database.readLog(prepared('consumer_move', move))).length > 0
}

/**
 * The names of the consumers that have something to read in the log of all organizations.
 * @returns `isHiding`: whether there are further events that an older transaction in progress hides
 */
export async function findConsumersBehind(database: Database, names: readonly string[]): Promise<{ behind: string[]; isHiding: boolean }> {
  const [row] = await database.ask<{ behind: string[]; hiding: boolean | null }>(
    sql`select (select e.tx >= pg_snapshot_xmin(s) from engine.event_view e order by e.tx desc, e.id desc limit 1) as hiding,
          array(select c.name from app.event_consumer c where c.name = any (${names}) and (c.tx, c.id) < (
            select e.tx, e.id from engine.event_view e where e.tx < pg_snapshot_xmin(s) order by e.tx desc, e.id desc limit 1)) as behind
        from pg_current_snapshot() s`,
  )
  return { behind: row?.behind ?? [], isHiding: row?.hiding ?? false }
}
