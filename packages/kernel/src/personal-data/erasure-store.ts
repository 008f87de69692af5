import type { Transaction } from '../database/database.ts'
import { assignments, empty, insertInto, type Sql, sql } from '../database/sql.ts'
import type { AddressForms } from './address-forms.ts'
import type { ErasureRow } from './erasure-row.ts'

const ERASURE = sql`e.org_id, e.erasure_id, e.address, e.payloads, e.requested_by, e.requested_at, e.phase, e.place, e.next_at, e.runs, e.events,
  e.firings, e.calls, e.answers, e.late, e.places, e.ended_at,
  (select count(*)::int from app.erasure_run r where r.org_id = e.org_id and r.erasure_id = e.erasure_id and not r.deleted) as in_work`

export type NewErasure = Pick<
  ErasureRow,
  'org_id' | 'erasure_id' | 'address' | 'payloads' | 'requested_by' | 'requested_at' | 'phase' | 'next_at'
>

export async function insertErasure(tx: Transaction, row: NewErasure): Promise<void> {
  await tx.write(insertInto('app.erasure', row))
}

export function selectErasure(tx: Transaction, org: string, erasure: string): Promise<ErasureRow | undefined> {
  return tx.row<ErasureRow>(sql`select ${ERASURE} from app.erasure e where e.org_id = ${org} and e.erasure_id = ${erasure}`)
}

/** Newest first, because ids sort by creation time. */
export function selectErasures(tx: Transaction, org: string, before: string | null, limit: number): Promise<ErasureRow[]> {
  return tx.rows<ErasureRow>(
    sql`select ${ERASURE} from app.erasure e where e.org_id = ${org} ${before === null ? empty : sql`and e.erasure_id < ${before}`}
        order by e.erasure_id desc limit ${limit}`,
  )
}

/** In all organizations, the erasure that has waited the longest for its next step. Locks it; skips those of other processes. */
export function lockNextErasure(tx: Transaction, now: Date): Promise<ErasureRow | undefined> {
  return tx.row<ErasureRow>(
    sql`select ${ERASURE} from app.erasure e where e.next_at <= ${now} order by e.next_at limit 1 for update skip locked`,
  )
}

export type ErasureChange = Partial<Omit<ErasureRow, 'org_id' | 'erasure_id' | 'in_work' | 'places'>> & { readonly places?: string }

export async function updateErasure(tx: Transaction, { org_id: org, erasure_id: id }: ErasureRow, change: ErasureChange): Promise<void> {
  await tx.write(sql`update app.erasure set ${assignments(change)} where org_id = ${org} and erasure_id = ${id}`)
}

const mentions = (text: Sql, { needles, pattern }: AddressForms): Sql =>
  sql`app.mentions(${text}, ${[...needles]}::text[], ${pattern}::text)`

export interface FoundRun {
  readonly run_id: string
  readonly mentioned: boolean
}

/** The next runs after `after`, and whether one of their texts mentions the address. */
export function selectRuns(tx: Transaction, org: string, forms: AddressForms, after: string | null, limit: number): Promise<FoundRun[]> {
  return tx.rows<FoundRun>(
    sql`with chunk as materialized (
          select r.run_id from engine.run_view r where r.org_id = ${org} ${after === null ? empty : sql`and r.run_id > ${after}`}
          order by r.run_id limit ${limit})
        select c.run_id, exists (
          select from engine.text_view t where t.org_id = ${org} and t.run_id = c.run_id and ${mentions(sql`t.text`, forms)}) as mentioned
        from chunk c order by c.run_id`,
  )
}

export async function insertFoundRuns(tx: Transaction, erasure: ErasureRow, runs: readonly string[], deleted: boolean): Promise<void> {
  await tx.write(
    sql`insert into app.erasure_run (org_id, erasure_id, run_id, deleted)
        select ${erasure.org_id}, ${erasure.erasure_id}, run, ${deleted} from unnest(${[...runs]}::uuid[]) run
        on conflict (org_id, erasure_id, run_id) do update set deleted = excluded.deleted`,
  )
}

/** The runs that it waits for and that have gone or can be deleted now. */
export async function selectEndedRuns(tx: Transaction, { org_id: org, erasure_id: id }: ErasureRow, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ run_id: string }>(
    sql`select w.run_id from app.erasure_run w where w.org_id = ${org} and w.erasure_id = ${id} and not w.deleted
          and (exists (select from engine.deletable_view d where d.org_id = ${org} and d.run_id = w.run_id)
            or not exists (select from engine.run_view r where r.org_id = ${org} and r.run_id = w.run_id))
        order by w.run_id limit ${limit}`,
  )
  return rows.map(({ run_id }) => run_id)
}

export async function forgetFoundRuns(tx: Transaction, { org_id: org, erasure_id: id }: ErasureRow): Promise<void> {
  await tx.write(sql`delete from app.erasure_run where org_id = ${org} and erasure_id = ${id}`)
}

/** Deletes what is kept beside runs: their firings, and traces of their calls. */
export async function deleteBesideRuns(tx: Transaction, org: string, runs: readonly string[]): Promise<{ firings: number; calls: number }> {
  const firings = await tx.write(
    sql`delete from app.firing where org_id = ${org} and firing_id = any (${[...runs]}::uuid[]) and not going and outcome not in ('scheduled', 'buffered')`,
  )
  const calls = await tx.write(sql`delete from app.tool_call where org_id = ${org} and run_id = any (${[...runs]}::uuid[])`)
  return { firings, calls }
}

export interface Chunk {
  /** The last row that was looked at. Null: there are no more. */
  readonly last: string | null
  readonly looked: number
  readonly deleted: number
}

interface Sweeping {
  readonly forms: AddressForms
  readonly after: string | null
  readonly limit: number
}

/** Deletes the rows of the next chunk that mention the address. @param rows columns `key` (text), `id` and `text`; in the order of `key` */
function deleteMentions(tx: Transaction, forms: AddressForms, chunk: Sql, gone: Sql): Promise<Chunk | undefined> {
  return tx.row<Chunk>(
    sql`with chunk as materialized (${chunk}), found as (select c.key from chunk c where ${mentions(sql`c.text`, forms)}),
          gone as (${gone} returning 1)
        select (select max(c.key) from chunk c) as last, (select count(*)::int from chunk) as looked, (select count(*)::int from gone) as deleted`,
  )
}

export function deleteAnswersWith(tx: Transaction, org: string, { forms, after, limit }: Sweeping): Promise<Chunk | undefined> {
  return deleteMentions(
    tx,
    forms,
    sql`select k.key collate "C" as key, k.answer::text as text from app.idempotency_key k
        where k.org_id = ${org} ${after === null ? empty : sql`and k.key collate "C" > ${after}`} order by k.key collate "C" limit ${limit}`,
    sql`delete from app.idempotency_key k using found f where k.org_id = ${org} and k.key = f.key`,
  )
}

export function deleteFiringsWith(tx: Transaction, org: string, { forms, after, limit }: Sweeping): Promise<Chunk | undefined> {
  return deleteMentions(
    tx,
    forms,
    sql`select f.firing_id::text as key, case when f.going or f.outcome in ('scheduled', 'buffered') then null else f::text end as text from app.firing f
        where f.org_id = ${org} ${after === null ? empty : sql`and f.firing_id > ${after}::uuid`} order by f.firing_id limit ${limit}`,
    sql`delete from app.firing x using found f where x.org_id = ${org} and x.firing_id = f.key::uuid`,
  )
}

export function deleteCallsWith(tx: Transaction, org: string, { forms, after, limit }: Sweeping): Promise<Chunk | undefined> {
  return deleteMentions(
    tx,
    forms,
    sql`select c.call_id::text as key, c::text as text from app.tool_call c
        where c.org_id = ${org} ${after === null ? empty : sql`and c.call_id > ${after}::uuid`} order by c.call_id limit ${limit}`,
    sql`delete from app.tool_call x using found f where x.org_id = ${org} and x.call_id = f.key::uuid`,
  )
}

export interface FoundEvent {
  readonly tx: string
  readonly id: string
  readonly found: boolean
}

/** The next events after a place (`<tx>-<id>`), and whether they mention the address or are about runs that the erasure deleted. */
export function selectFoundEvents(
  tx: Transaction,
  { org_id: org, erasure_id: erasure }: ErasureRow,
  { forms, after, limit }: Sweeping,
): Promise<FoundEvent[]> {
  const [afterTx = '0', afterId = '0'] = after?.split('-') ?? []
  return tx.rows<FoundEvent>(
    sql`with chunk as materialized (
          select v.tx, v.id, v.subject, v.run_id, concat_ws(' ', v.subject, v.data::text) as text from engine.event_view v
          where v.org_id = ${org} and (v.tx, v.id) > (${afterTx}::xid8, ${afterId}::bigint) and v.tx < pg_snapshot_xmin(pg_current_snapshot())
          order by v.tx, v.id limit ${limit})
        select c.tx::text, c.id::text, ${mentions(sql`c.text`, forms)} or exists (
          select from app.erasure_run r where r.org_id = ${org} and r.erasure_id = ${erasure} and r.deleted
            and (r.run_id = c.run_id or r.run_id::text = c.subject)) as found
        from chunk c order by c.tx, c.id`,
  )
}

/** Configuration that mentions the address, as [table, key, …]. */
export async function selectPlaces(tx: Transaction, org: string, { needles, pattern }: AddressForms, limit: number): Promise<string[][]> {
  const rows = await tx.rows<{ place: string[] }>(
    sql`select place from app.places_of(${org}, ${[...needles]}::text[], ${pattern}, ${limit}) place`,
  )
  return rows.map(({ place }) => place)
}
