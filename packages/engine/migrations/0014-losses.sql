-- A worker that is silent is not always dead. A loss counts against a run only if the run was executing and the worker never came back.

-- How long this worker may be silent: it asks for more when it is slow. And the runs that only waited at its last beat.
alter table engine.worker add column lease_ms double precision not null default 0;
alter table engine.worker add column idle uuid[] not null default '{}';
-- The workers lost with this run since it made progress. `crashes` is their number.
alter table engine.live add column lost_by uuid[] not null default '{}';

create function engine.losses_max() returns integer language sql immutable as 'select 5';

-- Hands on the runs of a worker that fell silent. From the second loss on a run waits before its next attempt, each time four times as long
-- and never the same time, so that a run that ends its workers parts from its neighbours, and one outage does not count many times. After
-- too many losses it is blocked: for a while, then for longer, then until it is resumed. Times are multiples of a lease.
create function engine.lose(p_worker uuid, lease_ms double precision) returns integer language plpgsql as $$
declare
  lease constant interval := lease_ms * interval '1 ms';
  losses_max constant integer := engine.losses_max();
  n integer;
begin
  with held as (
    select m.org_id, m.run_id, j.seq, j.generation,
           case when j.seq >= m.next_seq then '{}' else m.lost_by end as before, m.run_id = any (w.idle) and j.seq is null as idle
    from engine.live m
    join engine.worker w on w.worker_id = p_worker
    cross join lateral (
      select max(x.seq) seq, max(x.seq) filter (where x.kind = 9) generation
      from engine.journal x where x.org_id = m.org_id and x.run_id = m.run_id and x.seq >= m.next_seq
    ) j
    where m.worker = p_worker and m.state = 2
  ), counted as (
    select h.*, case when h.idle then h.before else h.before || p_worker end as lost from held h
  ), handed as (
    update engine.live l set
      lost_by = c.lost,
      crashes = cardinality(c.lost),
      next_seq = greatest(l.next_seq, coalesce(c.seq + 1, 1)),
      base = greatest(l.base, coalesce(c.generation, 0)),
      worker = null,
      rank = now() - engine.bonus(l.priority),
      state = case when cardinality(c.lost) > losses_max then 6 when cardinality(c.lost) > 1 then 3 else 1 end,
      at = case
        when cardinality(c.lost) = losses_max + 1 then now() + 120 * lease
        when cardinality(c.lost) = losses_max + 2 then now() + 720 * lease
        when cardinality(c.lost) between 2 and losses_max then now() + 0.2 * 4 ^ (cardinality(c.lost) - 2) * (0.5 + random()) * lease
      end,
      reason = case when cardinality(c.lost) > losses_max then
        format('%s workers were lost while they executed this run and it made no progress. Look at its last step, then resume it.', cardinality(c.lost)) end
    from counted c
    where l.org_id = c.org_id and l.run_id = c.run_id
    returning l.org_id, l.run_id, l.state, l.reason
  ), told as (
    insert into engine.event (org_id, type, subject, data, at)
    select h.org_id, 'run.blocked', h.run_id::text, json_build_object('workflow', r.workflow, 'reason', h.reason), clock_timestamp()
    from handed h join engine.run r on r.org_id = h.org_id and r.run_id = h.run_id where h.state = 6
  )
  select count(*) into n from handed;
  return n;
end $$;

-- A worker that is retired was not lost, even if it was silent for too long. A run that waits or is blocked because of it continues. Only the
-- loss of a worker leaves `lost_by` with a waiting run.
create or replace function engine.retire(p_worker uuid) returns integer language plpgsql as $$
begin
  -- Waits for a flush in progress, which holds a key-share lock on this row. Invariant (I5): after this none can follow.
  perform from engine.worker where worker_id = p_worker for update;
  update engine.worker set fenced = true, fenced_at = now() where worker_id = p_worker and not fenced;
  update engine.live l set lost_by = c.lost, crashes = cardinality(c.lost),
    state = case when c.continues then 1 else l.state end,
    at = case when c.continues then null else l.at end,
    reason = case when c.continues then null else l.reason end,
    rank = case when c.continues then now() - engine.bonus(l.priority) else l.rank end
  from (
    select x.org_id, x.run_id, array_remove(x.lost_by, p_worker) as lost,
      case x.state
        when 3 then x.lost_by[cardinality(x.lost_by)] = p_worker
        when 6 then cardinality(x.lost_by) > engine.losses_max() and cardinality(array_remove(x.lost_by, p_worker)) <= engine.losses_max()
        else false end as continues
    from engine.live x where x.lost_by @> array[p_worker] and x.lost_by <> '{}' for update) c
  where l.org_id = c.org_id and l.run_id = c.run_id;
  return engine.hand_over(p_worker, false);
end $$;
create index live_lost_by on engine.live using gin (lost_by) where lost_by <> '{}';

-- `lease_ms`: how long this worker may be silent from now on. `p_idle`: the runs that only wait.
create function engine.beat(p_worker uuid, p_lease_ms double precision, p_queues text[], p_idle uuid[])
returns table (
  alive boolean, now_ms double precision, poked uuid[], ready boolean, next_at double precision, reaped integer, overdue boolean)
language plpgsql as $$
declare
  silent uuid;
  last_beat timestamptz;
begin
  select w.beat_at into last_beat from engine.worker w where w.worker_id = p_worker and not w.fenced for no key update;
  update engine.worker w set beat_at = now(), lease_ms = p_lease_ms, idle = p_idle where w.worker_id = p_worker and not w.fenced;
  alive := found;
  reaped := 0;
  -- After a standstill of the database or of this machine, the others were silent as long as this worker, and need a beat to show it.
  if last_beat > now() - greatest(p_lease_ms, 1000) * interval '1 ms' then
    -- A worker whose flush is in progress is skipped: it is not silent, and a beat must not wait.
    for silent in
      select w.worker_id from engine.worker w
      where not w.fenced and w.worker_id <> p_worker and w.beat_at < now() - greatest(p_lease_ms, w.lease_ms) * interval '1 ms'
      order by w.worker_id for update skip locked
    loop
      update engine.worker set fenced = true, fenced_at = now() where worker_id = silent;
      reaped := reaped + engine.lose(silent, p_lease_ms);
    end loop;
  end if;
  -- Blocked runs whose pause is over.
  update engine.live l set state = 1, at = null, reason = null, rank = now() - engine.bonus(l.priority)
  where l.state = 6 and l.at <= now() and l.queue = any (p_queues);
  now_ms := engine.ms(clock_timestamp());
  poked := array(
    select l.run_id from engine.live l where l.worker = p_worker and l.state = 2 and l.wakes > 0
      and (l.pause or exists (select from engine.inbox i where i.org_id = l.org_id and i.run_id = l.run_id and not i.read)));
  ready := exists (
    select from unnest(p_queues) q cross join lateral (select 1 from engine.live l where l.state = 1 and l.queue = q limit 1) x);
  select engine.ms(min(x.at)) into next_at from unnest(p_queues) q
    cross join lateral (
      (select l.at from engine.live l where l.state = 3 and l.queue = q and l.at is not null order by l.at limit 1) union all
      (select l.at from engine.live l where l.state = 4 and l.queue = q and l.at is not null order by l.at limit 1)) x;
  overdue := exists (select from engine.live l where l.deadline <= now() and l.state <> 2
    and (l.state in (4, 5, 6) or (not l.begun and l.next_seq = 1)));
  return next;
end $$;
create index live_blocked_timer on engine.live (queue, at) where state = 6 and at is not null;
