import { closeCode, priorityCode, stateCode } from '../codes.ts'
import { authorityText, textArray } from '../run-columns.ts'
import type { StatementPart } from './part.ts'

/**
 * New runs. Rows are inserted without a check. If a run exists (a start sent again after a broken connection, or a caller's own run id used
 * twice), the whole statement fails and is sent again with `resent`, which skips existing runs. An existing run never gets a second live
 * row.
 */
export const startsPart: StatementPart = {
  name: 'starts',
  used: (batch) => batch.starts.length > 0,
  values: ({ starts }, packer) => [
    starts.map((row) => row.org),
    starts.map((row) => row.run),
    starts.map((row) => row.workflow),
    starts.map((row) => row.bundle),
    starts.map((row) => row.queue),
    starts.map((row) => priorityCode.code(row.priority)),
    starts.map((row) => packer.pack(row.org, row.input)),
    starts.map((row) => textArray(row.tags)),
    starts.map((row) => row.createdAt),
    starts.map((row) => row.parent?.run ?? null),
    starts.map((row) => row.parent?.cmd ?? null),
    starts.map((row) => row.origin?.kind ?? null),
    starts.map((row) => row.origin?.run ?? null),
    starts.map((row) => row.origin?.seq ?? null),
    starts.map((row) => row.seed),
    starts.map((row) => row.keys),
    starts.map((row) => row.clockAt),
    starts.map((row) => row.deadline),
    starts.map((row) => stateCode.code(row.state)),
    starts.map((row) => row.at),
    starts.map((row) => (row.parent === null ? null : closeCode.code(row.parent.close))),
    starts.map(authorityText),
  ],
  sql: ({ at, worker, guard, resent }) => {
    const exists = `exists (select from engine.run r where r.org_id = u.org_id and r.run_id = u.run_id)`
    const fresh = resent ? `and not ${exists}` : ''
    return `
-- Starts that the worker would run at once, and that wait instead, because their queue is paused.
held as materialized (
  select u.run_id from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(4)}::text[], ${at(18)}::smallint[]) u(org_id, run_id, queue, state)
  where u.state = 2 and exists (
    select from engine.queue_control q where q.org_id = u.org_id and q.queue = u.queue and q.paused)
),
start_run as (
  insert into engine.run (org_id, run_id, workflow, bundle, queue, priority, input, tags, created_at, parent_run, parent_cmd,
                          parent_close, origin_kind, origin_run, origin_seq, seed, keys, clock_at, deadline, authority)
  select u.org_id, u.run_id, u.workflow, u.bundle, u.queue, u.priority, u.input::json, u.tags::text[], to_timestamp(u.created_at / 1000),
         u.parent_run, u.parent_cmd, u.parent_close, u.origin_kind, u.origin_run, u.origin_seq, u.seed, u.keys, to_timestamp(u.clock_at / 1000),
         to_timestamp(u.deadline / 1000), u.authority::json
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(2)}::text[], ${at(3)}::text[], ${at(4)}::text[], ${at(5)}::smallint[], ${at(6)}::text[],
              ${at(7)}::text[], ${at(8)}::float8[], ${at(9)}::uuid[], ${at(10)}::int[], ${at(11)}::text[], ${at(12)}::uuid[], ${at(13)}::int[],
              ${at(14)}::text[], ${at(15)}::text[], ${at(16)}::float8[], ${at(17)}::float8[], ${at(20)}::smallint[],
              ${at(21)}::text[])
    u(org_id, run_id, workflow, bundle, queue, priority, input, tags, created_at, parent_run, parent_cmd, origin_kind, origin_run, origin_seq,
      seed, keys, clock_at, deadline, parent_close, authority)
  where ${guard} ${fresh}
),
start_live as (
  insert into engine.live (org_id, run_id, queue, priority, state, worker, begun, at, deadline, closed_by, rank)
  select u.org_id, u.run_id, u.queue, u.priority, case when held.run_id is null then u.state else 1 end,
         case when u.state = 2 and held.run_id is null then ${worker} end, u.state = 2 and held.run_id is null,
         case when u.state = 3 then to_timestamp(u.at / 1000) end, to_timestamp(u.deadline / 1000),
         case when u.parent_close > 0 then u.parent_run end,
         -- One microsecond apart, so that runs of one batch keep their order.
         coalesce(to_timestamp(u.at / 1000), now()) - engine.bonus(u.priority) + u.n * interval '1 microsecond'
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(4)}::text[], ${at(5)}::smallint[], ${at(18)}::smallint[], ${at(19)}::float8[],
              ${at(17)}::float8[], ${at(9)}::uuid[], ${at(20)}::smallint[])
    with ordinality u(org_id, run_id, queue, priority, state, at, deadline, parent_run, parent_close, n)
    left join held on held.run_id = u.run_id
  where ${guard} ${fresh}
)`
  },
  output: () => 'array(select run_id from held) as held',
}
