import { runColumns } from './run-columns.ts'

/**
 * $1 worker, $2 queues, $3 orgs or null, $4 limit, $5 the org that was served last, $6 how many due runs of a queue to look at.
 *
 * `due`: waiting runs whose time has come. Those that are not picked become ready, so that the next claim finds the next ones: many due runs
 * of one org hide those of the others no longer than it takes to look at them.
 * `walk`: the orgs that have ready runs, by a loose index scan: one look-up for each org, however many runs it has.
 * `served`: the orgs in turn, beginning after the one served last. Each gets an equal share of the limit.
 * `candidate`: each org's due and ready runs by rank. Those past the share are not picked: a ready run that was not looked at may rank before.
 * `more` says that a run that may be taken was not looked at or not picked, so that it is worth asking again if the claim is not full.
 * Returns at least one row, which carries the fence.
 */
export const claimStatement = `
with recursive fence as materialized (
  select 1 from engine.worker where worker_id = $1 and not fenced for key share
),
due as materialized (
  select d.org_id, d.run_id, d.queue, d.rank, d.begun,
         ($3::uuid[] is null or d.org_id = any ($3)) and not exists (
           select from engine.queue_control q where q.org_id = d.org_id and q.queue = d.queue and q.paused) as mine
  from unnest($2::text[]) w(queue)
  cross join lateral (
    select l.org_id, l.run_id, l.queue, l.at - engine.bonus(l.priority) as rank, l.begun from engine.live l
    where l.state = 3 and l.queue = w.queue and l.at <= now() order by l.at limit $6 for update skip locked
  ) d
  where exists (select from fence)
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
  select ceil($4 / greatest(1, (select count(*) from served))::float8)::int as each
),
candidate as materialized (
  select f.org_id, f.run_id, f.rank, f.begun, row_number() over (partition by f.org_id order by f.rank, f.run_id) as turn
  from (
    select d.org_id, d.run_id, d.rank, d.begun from due d where d.mine
    union all
    select r.org_id, r.run_id, r.rank, r.begun
    from served s
    cross join share
    cross join lateral (
      select l.org_id, l.run_id, l.rank, l.begun from engine.live l
      where l.state = 1 and l.queue = s.queue and l.org_id = s.org_id order by l.rank limit share.each for update skip locked
    ) r
    where exists (select from fence)
  ) f
),
picked as materialized (
  select c.org_id, c.run_id, c.rank, c.begun, row_number() over (order by c.turn, c.org_id <= $5, c.org_id) as n
  from candidate c cross join share where c.turn <= share.each
  order by c.turn, c.org_id <= $5, c.org_id limit $4
),
claimed as (
  update engine.live l set state = 2, worker = $1, begun = true, waits = null, at = null, rank = p.rank
  from picked p where l.org_id = p.org_id and l.run_id = p.run_id
  returning l.*, p.n, p.begun as had
),
readied as (
  update engine.live l set state = 1, rank = d.rank, at = null, waits = null
  from (select org_id, run_id, rank from due except select org_id, run_id, rank from picked) d
  where l.org_id = d.org_id and l.run_id = d.run_id
  returning l.queue
)
select (select count(*)::int from fence) as fence,
       exists (select from candidate c cross join share where c.turn >= share.each)
         or exists (select from due d group by d.queue having count(*) >= $6) as more,
       array(select distinct queue from readied) as readied,
       exists (select from unnest($2::text[]) w(queue) cross join lateral (
         select 1 from engine.live l where l.state = 4 and l.queue = w.queue and l.at <= now() order by l.at limit 1) x) as gated,
       c.n, ${runColumns('r', 'c')},
       c.wakes, c.next_seq as "nextSeq", c.base, c.crashes, c.had as "begun", c.holds, c.pause as "pauseRequested"
from (values (1)) one left join (claimed c join engine.run r on r.org_id = c.org_id and r.run_id = c.run_id) on true
order by c.n`
