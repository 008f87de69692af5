import { runColumns } from './run-columns.ts'

/**
 * $1 worker, $2 queues, $3 orgs or null, $4 limit, $5 the org that was served last.
 *
 * `due`: waiting runs whose time has come. Those that this worker may not take become ready, so that no later claim has to find them again.
 * `walk`: the orgs that have ready runs, by a loose index scan: one look-up for each org, however many runs it has.
 * `served`: the orgs in turn, beginning after the one served last. Each gets an equal share of the remaining limit. `more` says that an org
 * has further runs, so that it is worth asking again if the others had fewer than their share.
 * Returns at least one row, which carries the fence.
 */
export const claimStatement = `
with recursive fence as materialized (
  select 1 from engine.worker where worker_id = $1 and not fenced for key share
),
due as materialized (
  select d.org_id, d.run_id, d.at, d.begun,
         ($3::uuid[] is null or d.org_id = any ($3)) and not exists (
           select from engine.queue_control q where q.org_id = d.org_id and q.queue = d.queue and q.paused) as mine
  from unnest($2::text[]) w(queue)
  cross join lateral (
    select l.org_id, l.run_id, l.at, l.queue, l.begun from engine.live l
    where l.state = 3 and l.queue = w.queue and l.at <= now() order by l.at limit $4 for update skip locked
  ) d
  where exists (select from fence)
  order by d.at limit $4
),
walk(queue, org_id) as (
  select w.queue, (select l.org_id from engine.live l where l.state = 1 and l.queue = w.queue order by l.org_id limit 1)
  from unnest($2::text[]) w(queue)
  union all
  select w.queue, (select l.org_id from engine.live l where l.state = 1 and l.queue = w.queue and l.org_id > w.org_id order by l.org_id limit 1)
  from walk w where w.org_id is not null
),
served as materialized (
  select w.queue, w.org_id from walk w
  where w.org_id is not null and ($3::uuid[] is null or w.org_id = any ($3))
    and not exists (select from engine.queue_control q where q.org_id = w.org_id and q.queue = w.queue and q.paused)
  order by w.org_id <= $5, w.org_id limit $4
),
share as materialized (
  select rest, case when rest <= 0 then 0 else greatest(1, ceil(rest / greatest(1, (select count(*) from served))::float8)) end::int as each
  from (select $4 - (select count(*) from due where mine) as rest) x
),
candidate as materialized (
  select r.org_id, r.run_id, r.begun, row_number() over (partition by r.org_id order by r.rank, r.run_id) as turn,
         count(*) over (partition by r.org_id, s.queue) as n
  from served s
  cross join share
  cross join lateral (
    select l.org_id, l.run_id, l.rank, l.begun from engine.live l
    where l.state = 1 and l.queue = s.queue and l.org_id = s.org_id order by l.rank limit share.each for update skip locked
  ) r
  where exists (select from fence)
),
picked as materialized (
  select c.org_id, c.run_id, c.begun, row_number() over (order by c.turn, c.org_id <= $5, c.org_id) as n from candidate c
  order by c.turn, c.org_id <= $5, c.org_id limit (select greatest(0, rest) from share)
),
claimed as (
  update engine.live l set state = 2, worker = $1, begun = true, waits = null, at = null,
    rank = case when l.state = 3 then l.at - engine.bonus(l.priority) else l.rank end
  from (select org_id, run_id, begun, 0 as n from due where mine union all select org_id, run_id, begun, n from picked) t
  where l.org_id = t.org_id and l.run_id = t.run_id
  returning l.*, t.n, t.begun as had
),
left_ready as (
  update engine.live l set state = 1, rank = l.at - engine.bonus(l.priority), at = null, waits = null
  from due d where not d.mine and l.org_id = d.org_id and l.run_id = d.run_id
)
select (select count(*)::int from fence) as fence,
       exists (select from candidate c cross join share where c.n >= share.each) as more,
       exists (select from unnest($2::text[]) w(queue) cross join lateral (
         select 1 from engine.live l where l.state = 4 and l.queue = w.queue and l.at <= now() order by l.at limit 1) x) as gated,
       c.n, ${runColumns('r', 'c')},
       c.wakes, c.next_seq as "nextSeq", c.base, c.crashes, c.had as "begun", c.holds, c.pause as "pauseRequested"
from (values (1)) one left join (claimed c join engine.run r on r.org_id = c.org_id and r.run_id = c.run_id) on true
order by c.n`
