import { messageCode } from '../codes.ts'
import type { Part } from './part.ts'

/**
 * Messages to live runs; those to a run that is not live are dropped. Does in bulk what engine.post does for one.
 * Live rows are locked in the order of their ids, so that two processes that send to the same runs cannot deadlock.
 */
export const messagesPart: Part = {
  name: 'messages',
  used: (batch) => batch.messages.length > 0,
  values: ({ messages }, packer) => [
    messages.map((row) => row.org),
    messages.map((row) => row.run),
    messages.map((row) => row.id),
    messages.map((row) => messageCode.code(row.kind)),
    messages.map((row) => row.name),
    messages.map((row) => packer.pack(row.org, row.payload)),
    messages.map((row) => (row.error === null ? null : JSON.stringify(row.error))),
  ],
  sql: ({ at, guard }) => `
target as (
  select u.org_id, u.run_id, count(*)::int as n, bool_or(u.kind = 3) as cancel
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(3)}::smallint[]) u(org_id, run_id, kind)
  where ${guard} group by 1, 2
),
locked as materialized (
  select l.org_id, l.run_id, t.n, l.state = 3 and (l.begun or t.cancel) as wake
  from target t join engine.live l on l.org_id = t.org_id and l.run_id = t.run_id order by l.org_id, l.run_id for update of l
),
poked as (
  update engine.live l set
    wakes = l.wakes + k.n,
    state = case when k.wake then 1 else l.state end,
    rank = case when k.wake then now() - engine.bonus(l.priority) else l.rank end,
    at = case when k.wake then null else l.at end,
    waits = case when k.wake then null else l.waits end
  from locked k where l.org_id = k.org_id and l.run_id = k.run_id
  returning l.org_id, l.run_id, l.queue, l.worker, k.wake
),
message_row as (
  insert into engine.inbox (org_id, run_id, id, kind, name, payload, error)
  select u.org_id, u.run_id, u.id, u.kind, u.name, u.payload::json, u.error::json
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(2)}::uuid[], ${at(3)}::smallint[], ${at(4)}::text[], ${at(5)}::text[], ${at(6)}::text[])
    u(org_id, run_id, id, kind, name, payload, error)
  where ((u.org_id, u.run_id) in (select p.org_id, p.run_id from poked p)) is true
  on conflict (org_id, run_id, id) do nothing
)`,
  output: () => `
    (select json_agg(json_build_object('run', p.run_id, 'queue', p.queue)) from poked p where p.wake) as readied,
    (select json_agg(json_build_object('run', p.run_id, 'worker', p.worker)) from poked p where p.worker is not null) as poked`,
}
