import { statusCode } from '../codes.ts'
import type { StatementPart } from './part.ts'

/**
 * Ends runs: moves them from `live` to `result` and deletes the rest of their inbox.
 *
 * A message may arrive between this statement's snapshot and its lock of the live row, and the statement would leave its inbox row behind.
 * It compares `wakes` in the snapshot (`seen`) with the row after the lock; if they differ, the statement is sent again. A run that was
 * never poked (`wakes` is 0) has an empty inbox.
 *
 * Invariant (I6): a result is written only together with the removal of the live row, which must be this worker's.
 */
export const finishesPart: StatementPart = {
  name: 'finishes',
  used: (batch) => batch.finishes.length > 0,
  values: ({ finishes }, packer) => [
    finishes.map((row) => row.org),
    finishes.map((row) => row.run),
    finishes.map((row) => statusCode.code(row.status)),
    finishes.map((row) => row.at),
    finishes.map((row) => packer.pack(row.org, row.output)),
    finishes.map((row) => (row.error === null ? null : JSON.stringify(row.error))),
  ],
  sql: ({ at, worker, guard }) => `
gone as (
  delete from engine.live l using unnest(${at(0)}::uuid[], ${at(1)}::uuid[]) u(org_id, run_id), engine.live seen
  where seen.org_id = u.org_id and seen.run_id = u.run_id and l.org_id = u.org_id and l.run_id = u.run_id
    and l.wakes = seen.wakes and l.worker = ${worker} and l.state = 2 and ${guard}
  returning l.org_id, l.run_id, l.wakes
),
finish_inbox as (
  delete from engine.inbox i using gone g where g.wakes > 0 and i.org_id = g.org_id and i.run_id = g.run_id
),
finish_progress as (
  delete from engine.progress p using gone g where p.org_id = g.org_id and p.run_id = g.run_id
),
finish_result as (
  insert into engine.result (org_id, run_id, status, at, output, error)
  select u.org_id, u.run_id, u.status, to_timestamp(u.at / 1000), u.output::json, u.error::json
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(2)}::smallint[], ${at(3)}::float8[], ${at(4)}::text[], ${at(5)}::text[])
    u(org_id, run_id, status, at, output, error)
  where ${guard}
)`,
  output: ({ at, guard }) =>
    `case when ${guard} and (select count(*) from gone) <> cardinality(${at(1)}::uuid[]) then engine.lost_race('finish') end as finish_race`,
}
