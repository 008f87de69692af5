import { stateCode } from '../codes.ts'
import type { StatementPart } from './part.ts'

/** Parks runs, except those poked since the worker last looked: compares `wakes` with the row once it is locked. */
export const parksPart: StatementPart = {
  name: 'parks',
  used: (batch) => batch.parks.length > 0,
  values: ({ parks }) => [
    parks.map((row) => row.org),
    parks.map((row) => row.run),
    parks.map((row) => stateCode.code(row.state)),
    parks.map((row) => row.wakes),
    parks.map((row) => (row.state === 'waiting' ? row.at : null)),
    parks.map((row) => (row.waits.length === 0 ? null : JSON.stringify(row.waits))),
    parks.map((row) => row.reason),
    parks.map((row) => row.nextSeq),
    parks.map((row) => row.base),
  ],
  sql: ({ at, worker, guard }) => `
parked as (
  update engine.live l set state = u.state, worker = null, at = to_timestamp(u.at / 1000), waits = u.waits::json, reason = u.reason,
    next_seq = u.next_seq, base = u.base, crashes = case when u.state = 6 then l.crashes else 0 end,
    lost_by = case when u.state = 6 then l.lost_by else '{}' end,
    rank = case when u.state = 1 then now() - engine.bonus(l.priority) else l.rank end
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(2)}::smallint[], ${at(3)}::int[], ${at(4)}::float8[], ${at(5)}::text[], ${at(6)}::text[],
              ${at(7)}::int[], ${at(8)}::int[])
    u(org_id, run_id, state, wakes, at, waits, reason, next_seq, base)
  where l.org_id = u.org_id and l.run_id = u.run_id and l.worker = ${worker} and l.state = 2 and l.wakes = u.wakes and ${guard}
  returning l.run_id
)`,
  // "is true" keeps the planner from turning the subquery into a join: it stays a hash look-up for any size of batch.
  output: ({ at }) => `array(select u from unnest(${at(1)}::uuid[]) u where not ((u in (select run_id from parked)) is true)) as kept`,
}
