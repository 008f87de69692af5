import { toMessageColumns } from '../message-columns.ts'
import type { StatementPart } from './part.ts'

/**
 * Messages to live runs. Those to a run that is not live are dropped. Does in bulk what engine.post does for one message.
 * Live rows are locked in the order of their ids, so that two processes that send to the same runs cannot deadlock.
 * "is true" keeps the planner from turning the subquery into a join: it stays a hash look-up for any size of batch.
 */
export const messagesPart: StatementPart = {
  name: 'messages',
  used: (batch) => batch.messages.length > 0,
  values: ({ messages }, packer) => {
    const columns = messages.map((message) => toMessageColumns(message, packer))
    return [
      messages.map((row) => row.org),
      messages.map((row) => row.run),
      messages.map((row) => row.id),
      columns.map((row) => row.kind),
      columns.map((row) => row.name),
      columns.map((row) => row.payload),
      columns.map((row) => (row.error === null ? null : JSON.stringify(row.error))),
    ]
  },
  sql: ({ at, guard }) => `
locked as materialized (
  select l.org_id, l.run_id, l.state = 3 as waiting
  from (select distinct u.org_id, u.run_id from unnest(${at(0)}::uuid[], ${at(1)}::uuid[]) u(org_id, run_id) where ${guard}) t
  join engine.live l on l.org_id = t.org_id and l.run_id = t.run_id order by l.org_id, l.run_id for update of l
),
message_row as (
  insert into engine.inbox (org_id, run_id, id, kind, name, payload, error)
  select u.org_id, u.run_id, u.id, u.kind, u.name, u.payload::json, u.error::json
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(2)}::uuid[], ${at(3)}::smallint[], ${at(4)}::text[], ${at(5)}::text[], ${at(6)}::text[])
    u(org_id, run_id, id, kind, name, payload, error)
  where ((u.org_id, u.run_id) in (select k.org_id, k.run_id from locked k)) is true
  on conflict (org_id, run_id, id) do nothing
  returning org_id, run_id, kind
),
poked as (
  update engine.live l set
    wakes = l.wakes + m.n,
    state = case when l.state = 3 and (l.begun or m.cancel) then 1 else l.state end,
    rank = case when l.state = 3 and (l.begun or m.cancel) then now() - engine.bonus(l.priority) else l.rank end,
    at = case when l.state = 3 and (l.begun or m.cancel) then null else l.at end,
    waits = case when l.state = 3 and (l.begun or m.cancel) then null else l.waits end
  from (select x.org_id, x.run_id, count(*)::int as n, bool_or(x.kind = 3) as cancel from message_row x group by 1, 2) m
  where l.org_id = m.org_id and l.run_id = m.run_id
  returning l.run_id, l.queue, l.worker,
    l.state = 1 and ((l.org_id, l.run_id) in (select k.org_id, k.run_id from locked k where k.waiting)) is true as woken
)`,
  output: () => `
    (select json_agg(json_build_object('run', p.run_id, 'queue', p.queue)) from poked p where p.woken) as readied,
    (select json_agg(json_build_object('run', p.run_id, 'worker', p.worker)) from poked p where p.worker is not null) as poked`,
}
