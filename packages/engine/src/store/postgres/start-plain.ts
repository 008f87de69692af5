import type pg from 'pg'
import type { PlainStartRow, RunId } from '../store.ts'
import { priorityCode } from './codes.ts'
import { PayloadPacker, saveBlobs } from './payload.ts'
import { authorityText, textArray } from './run-columns.ts'

const READY = 1
const WAITING = 3

/**
 * One statement for all starts: the run, its `live` row and its event. Existing runs are left unchanged. The new runs are left to a claim,
 * with ranks one microsecond apart, so that they keep their order.
 */
const STATEMENT = `
with u as materialized (
  select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::text[], $9::float8[], $10::float8[],
    $11::float8[], $12::float8[], $13::text[], $14::text[]) with ordinality
    u(org_id, run_id, workflow, bundle, queue, priority, input, tags, created_at, clock_at, deadline, at, event, authority, n)
),
new_run as (
  insert into engine.run (org_id, run_id, workflow, bundle, queue, priority, input, tags, created_at, seed, keys, clock_at, deadline, authority)
  select u.org_id, u.run_id, u.workflow, u.bundle, u.queue, u.priority, u.input::json, u.tags::text[], to_timestamp(u.created_at / 1000),
         u.run_id::text, u.run_id::text, to_timestamp(u.clock_at / 1000), to_timestamp(u.deadline / 1000), u.authority::json
  from u order by u.n
  on conflict (org_id, run_id) do nothing
  returning org_id, run_id
),
new_live as (
  insert into engine.live (org_id, run_id, queue, priority, state, at, deadline, rank)
  select u.org_id, u.run_id, u.queue, u.priority, case when u.at is null then ${READY} else ${WAITING} end::smallint, to_timestamp(u.at / 1000),
         to_timestamp(u.deadline / 1000), coalesce(to_timestamp(u.at / 1000), now()) - engine.bonus(u.priority) + u.n * interval '1 microsecond'
  from u where (u.org_id, u.run_id) in (select org_id, run_id from new_run)
),
new_event as (
  insert into engine.event (org_id, type, subject, data, at)
  select u.org_id, 'run.started', u.run_id::text, u.event::json, to_timestamp(u.created_at / 1000)
  from u where (u.org_id, u.run_id) in (select org_id, run_id from new_run) order by u.n
)
select run_id from new_run`

/** Starts runs in the caller's transaction. Returns those that did not exist before. */
export async function startPlain(tx: pg.ClientBase, rows: readonly PlainStartRow[]): Promise<ReadonlySet<RunId>> {
  const packer = new PayloadPacker()
  const inputs = rows.map((row) => packer.pack(row.org, row.input))
  await saveBlobs(tx, packer)
  const { rows: started } = await tx.query<{ run_id: RunId }>({
    name: 'start_plain',
    text: STATEMENT,
    values: [
      rows.map((row) => row.org),
      rows.map((row) => row.run),
      rows.map((row) => row.workflow),
      rows.map((row) => row.bundle),
      rows.map((row) => row.queue),
      rows.map((row) => priorityCode.code(row.priority)),
      inputs,
      rows.map((row) => textArray(row.tags)),
      rows.map((row) => row.createdAt),
      rows.map((row) => row.clockAt),
      rows.map((row) => row.deadline),
      rows.map((row) => row.at),
      rows.map((row) => row.event.data),
      rows.map(authorityText),
    ],
  })
  return new Set(started.map(({ run_id }) => run_id))
}
