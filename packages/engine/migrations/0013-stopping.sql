-- A run that no worker has needs none to be stopped: not to be cancelled, not to time out, not to end with its parent.
-- Codes: run.parent_close 0 abandon, 1 cancel, 2 terminate (what happens to a child when its parent ends). inbox.kind 4: its worker ends the
-- run without its cleanup; 3 asks it to stop.

alter table engine.run add column parent_close smallint;
-- The run whose end stops this one. Null: it has no parent, or outlives it.
alter table engine.live add column closed_by uuid;
alter table engine.live add column deadline timestamptz;
create index live_closed_by on engine.live (org_id, closed_by) where closed_by is not null;
create index live_overdue on engine.live (deadline) where deadline is not null and state <> 2;

update engine.live l set deadline = r.deadline from engine.run r
where r.org_id = l.org_id and r.run_id = l.run_id and r.deadline is not null;

-- What stopping one run did: `ended`, `posted` or `known` (it had this message before) for the run itself, `readied` for a run that may be
-- claimed now, `poked` for one whose worker has to read its inbox.
create type engine.effect as (run_id uuid, queue text, worker uuid, outcome text);

-- The event of a run that ended without a worker.
create function engine.tell_end(p_org uuid, p_run uuid, p_status smallint, p_reason text) returns void language sql as $$
  insert into engine.event (org_id, type, subject, data, at)
  select p_org, case p_status when 4 then 'run.timed_out' else 'run.cancelled' end, p_run::text,
         json_build_object('workflow', r.workflow, 'reason', p_reason), clock_timestamp()
  from engine.run r where r.org_id = p_org and r.run_id = p_run
$$;

-- The error of a run that was cancelled names the reason, whether its code ended or no worker had it.
create or replace function engine.cancelled(reason text) returns json language sql immutable as $$
  select json_build_object('name', 'CancelledError', 'message', 'the run was cancelled: ' || reason, 'kind', 'cancelled')
$$;

-- Ends a run that no worker has, reports to its parent and releases its limits. Its children are the caller's to stop. No row: a worker has it,
-- or it is not live.
create function engine.end_alone(p_org uuid, p_run uuid, p_status smallint, p_error json) returns setof engine.effect language plpgsql as $$
declare
  r engine.run;
  ended_queue text;
begin
  perform engine.lock_limits(array[p_org], array[p_run]);
  delete from engine.live where org_id = p_org and run_id = p_run and state <> 2 returning queue into ended_queue;
  if not found then return; end if;
  return next row(p_run, ended_queue, null, 'ended')::engine.effect;
  insert into engine.result (org_id, run_id, status, at, error) values (p_org, p_run, p_status, clock_timestamp(), p_error);
  delete from engine.inbox where org_id = p_org and run_id = p_run;
  delete from engine.progress where org_id = p_org and run_id = p_run;
  return query select x.run_id, x.queue, null::uuid, 'readied' from engine.release(array[p_org], array[p_run]) x;
  select * into r from engine.run where org_id = p_org and run_id = p_run;
  if r.parent_run is not null then
    return query
      select r.parent_run, p.queue, p.worker, case when p.worker is null then 'readied' else 'poked' end
      from engine.post(p_org, r.parent_run, engine.uuid7(), 2::smallint, format('%s %s', r.parent_cmd, p_run), null, p_error) p
      where p.state in (1, 2);
  end if;
end $$;

-- Stops one run and leaves its children. A run without a worker ends at once if it has not begun, if its code cannot continue (blocked), or
-- if `p_terminate`. Any other run gets a message, which its code receives even if it was paused.
create function engine.stop_alone(p_org uuid, p_run uuid, p_id uuid, p_reason text, p_terminate boolean) returns setof engine.effect
language plpgsql as $$
declare l engine.live;
begin
  perform engine.lock_limits(array[p_org], array[p_run]);
  select x.* into l from engine.live x where x.org_id = p_org and x.run_id = p_run for update;
  if not found then return; end if;
  if l.state <> 2 and (p_terminate or l.state in (4, 6) or (not l.begun and l.next_seq = 1)) then
    perform engine.tell_end(p_org, p_run, 3::smallint, p_reason);
    return query select * from engine.end_alone(p_org, p_run, 3::smallint, engine.cancelled(p_reason));
    return;
  end if;
  insert into engine.inbox (org_id, run_id, id, kind, name)
  values (p_org, p_run, p_id, case when p_terminate then 4 else 3 end, p_reason) on conflict do nothing;
  if not found then
    return next row(p_run, l.queue, l.worker, 'known')::engine.effect;
  else
    update engine.live x set wakes = x.wakes + 1, pause = false,
      state = case when x.state in (3, 5) then 1 else x.state end,
      rank = case when x.state in (3, 5) then now() - engine.bonus(x.priority) else x.rank end,
      at = case when x.state in (3, 5) then null else x.at end,
      waits = case when x.state in (3, 5) then null else x.waits end
    where x.org_id = p_org and x.run_id = p_run;
    return next row(p_run, l.queue, l.worker, 'posted')::engine.effect;
  end if;
end $$;

-- Stops the live children of ended runs, as their parents declared, and the children of those that end with it.
create function engine.close_children(p_orgs uuid[], p_runs uuid[]) returns setof engine.effect language plpgsql as $$
declare
  orgs uuid[] := p_orgs;
  runs uuid[] := p_runs;
  c record;
  e engine.effect;
  next_orgs uuid[];
  next_runs uuid[];
begin
  while cardinality(runs) > 0 loop
    next_orgs := '{}';
    next_runs := '{}';
    for c in
      select l.org_id, l.run_id, r.parent_close = 2 as hard
      from unnest(orgs, runs) u(o, p)
      join engine.live l on l.org_id = u.o and l.closed_by = u.p
      join engine.run r on r.org_id = l.org_id and r.run_id = l.run_id
      order by l.org_id, l.run_id
    loop
      for e in select * from engine.stop_alone(c.org_id, c.run_id, engine.uuid7(), 'its parent ended', c.hard) loop
        return next e;
        if e.outcome = 'ended' then
          next_orgs := next_orgs || c.org_id;
          next_runs := next_runs || e.run_id;
        end if;
      end loop;
    end loop;
    orgs := next_orgs;
    runs := next_runs;
  end loop;
end $$;

create function engine.stop(p_org uuid, p_run uuid, p_id uuid, p_reason text, p_terminate boolean) returns setof engine.effect
language plpgsql as $$
declare e engine.effect;
begin
  for e in select * from engine.stop_alone(p_org, p_run, p_id, p_reason, p_terminate) loop
    return next e;
    if e.outcome = 'ended' then return query select * from engine.close_children(array[p_org], array[e.run_id]); end if;
  end loop;
end $$;

create or replace function engine.end_run(p_org uuid, p_run uuid, p_status smallint, p_error json) returns boolean language plpgsql as $$
begin
  perform from engine.end_alone(p_org, p_run, p_status, p_error);
  if not found then return false; end if;
  perform from engine.close_children(array[p_org], array[p_run]);
  return true;
end $$;

-- Runs whose time is over and that no worker has: those that have not begun, and those whose code cannot continue, end; a paused one is
-- woken, so that its cleanup runs. One that has begun and waits wakes by itself, and one with a copied history is for its first worker.
create function engine.expire(p_limit integer) returns setof engine.effect language plpgsql as $$
declare
  c record;
  l engine.live;
  reason constant text := 'the run took longer than its time limit';
begin
  for c in
    select x.org_id, x.run_id from engine.live x
    where x.deadline <= now() and x.state <> 2 and (x.state in (4, 5, 6) or (not x.begun and x.next_seq = 1)) order by x.deadline limit p_limit
  loop
    perform engine.lock_limits(array[c.org_id], array[c.run_id]);
    select x.* into l from engine.live x where x.org_id = c.org_id and x.run_id = c.run_id for update skip locked;
    continue when not found or l.state = 2 or l.deadline > now();
    if l.state in (4, 6) or (not l.begun and l.next_seq = 1) then
      perform engine.tell_end(c.org_id, c.run_id, 4::smallint, reason);
      return query select * from engine.end_alone(c.org_id, c.run_id, 4::smallint,
        json_build_object('name', 'CancelledError', 'message', reason, 'kind', 'timeout'));
      return query select * from engine.close_children(array[c.org_id], array[c.run_id]);
    elsif l.state = 5 then
      update engine.live x set state = 1, pause = false, at = null, rank = now() - engine.bonus(x.priority)
      where x.org_id = c.org_id and x.run_id = c.run_id;
      return next row(c.run_id, l.queue, null, 'readied')::engine.effect;
    end if;
  end loop;
end $$;

-- A run that has been superseded stops at once if it only waits for the limit.
create or replace function engine.admit(p_org uuid, p_run uuid, out state smallint, out cancelled uuid[]) language plpgsql as $$
declare
  g record;
  other uuid;
begin
  cancelled := '{}';
  state := engine.take_limits(p_org, p_run);
  if state is distinct from 4 then return; end if;
  for g in
    select h.name, h.on_full, coalesce(f.override, f.max) max from engine.hold h join engine.flow_limit f using (org_id, name)
    where h.org_id = p_org and h.run_id = p_run and h.on_full > 0 and f.running >= coalesce(f.override, f.max) order by h.on_full desc, h.position
  loop
    if g.on_full = 2 then
      perform engine.end_run(p_org, p_run, 3::smallint, engine.cancelled(format('limit %s is full', g.name)));
      state := null;
      return;
    end if;
    -- The oldest of those that hold the limit or wait for it, as many as stand in the way.
    for other in
      with others as (
        select h.run_id from engine.hold h join engine.live l using (org_id, run_id)
        where h.org_id = p_org and h.name = g.name and h.run_id <> p_run and (h.held or (l.state = 4 and l.gate = g.name and l.at is null))
      )
      select o.run_id from others o order by o.run_id limit greatest(0, (select count(*) from others) + 1 - g.max)
    loop
      perform from engine.stop(p_org, other, engine.uuid7(), 'a newer run took its place', false);
      cancelled := cancelled || other;
    end loop;
  end loop;
  -- A superseded run that had not begun, or whose code could not continue, gave its place back.
  select l.state into state from engine.live l where l.org_id = p_org and l.run_id = p_run;
end $$;

-- As before, with the deadline and the parent in `live`.
create or replace function engine.fork(p_source uuid, p_before integer, p json, p_input json, p_edits json) returns boolean language plpgsql as $$
declare
  org uuid := (p->>'org')::uuid;
  target uuid := (p->>'run')::uuid;
  start integer;
  n integer;
begin
  if not engine.insert_run(p, p_input) then return false; end if;
  select coalesce(max(seq), 0) into start from engine.journal where org_id = org and run_id = p_source and kind = 9 and seq < p_before;
  insert into engine.journal (org_id, run_id, seq, cmd, kind, attempt, started_at, at, name, input, output, error)
  select org, target, j.seq, j.cmd, j.kind, j.attempt, j.started_at, j.at,
         -- The copy is pinned to one bundle from its beginning.
         case when j.kind = 8 then p->>'bundle' else j.name end, j.input,
         case when e.output is not null then e.output::json else j.output end,
         case when e.output is not null then null else j.error end
  from engine.journal j
  left join json_each_text(p_edits) e(cmd, output) on e.cmd = j.cmd::text and j.kind = 1 and j.seq > start
  where j.org_id = org and j.run_id = p_source and j.seq < p_before;
  get diagnostics n = row_count;
  insert into engine.live (org_id, run_id, state, priority, queue, rank, next_seq, base, deadline)
  values (org, target, 1, (p->>'priority')::smallint, p->>'queue', now() - engine.bonus((p->>'priority')::smallint), n + 1, start,
          engine.at((p->>'deadline')::float8));
  return true;
end $$;

create or replace function engine.start_admitted(p json, p_input json, out outcome text, out run uuid, out state smallint, out cancelled uuid[])
language plpgsql as $$
declare
  org uuid := (p->>'org')::uuid;
  start_at timestamptz := greatest(engine.at((p->>'at')::float8), clock_timestamp());
  delayed boolean;
  c record;
  put record;
begin
  run := (p->>'run')::uuid;
  cancelled := '{}';
  if exists (select from engine.run r where r.org_id = org and r.run_id = start_admitted.run) then outcome := 'existing'; return; end if;
  if p#>>'{dedupe,key}' is not null then
    run := engine.take_dedupe_key(org, run, p->>'workflow', p#>>'{dedupe,key}', (p#>>'{dedupe,windowMs}')::float8);
    if run <> (p->>'run')::uuid then outcome := 'existing'; return; end if;
  end if;
  if p#>>'{debounce,key}' is not null then
    put := engine.put_off(p, p_input);
    if put.pending is not null then
      run := put.pending;
      outcome := 'debounced';
      update engine.key k set run_id = run where k.org_id = org and k.kind = 1 and k.workflow = p->>'workflow' and k.key = p#>>'{dedupe,key}';
      return;
    end if;
    start_at := greatest(start_at, put.at);
  end if;
  if p#>>'{rate,limit}' is not null then
    start_at := greatest(start_at, engine.reserve_rate(org, p#>>'{rate,limit}', (p#>>'{rate,max}')::integer, (p#>>'{rate,periodMs}')::float8));
  end if;
  if not engine.insert_run(p, p_input) then outcome := 'existing'; return; end if;
  outcome := 'started';
  delayed := start_at > clock_timestamp();
  insert into engine.live as l (org_id, run_id, state, priority, queue, at, rank, holds, gate, deadline, closed_by)
  values (org, run, case when json_array_length(p->'concurrency') > 0 then 4 when delayed then 3 else 1 end, (p->>'priority')::smallint, p->>'queue',
          case when delayed then start_at end, start_at - engine.bonus((p->>'priority')::smallint),
          json_array_length(p->'concurrency') > 0, p#>>'{concurrency,0,limit}', engine.at((p->>'deadline')::float8),
          case when (p#>>'{parent,close}')::smallint > 0 then (p#>>'{parent,run}')::uuid end)
  returning l.state into state;
  if state <> 4 then return; end if;

  for c in
    select x.value->>'limit' name, (x.value->>'max')::integer max, (x.value->>'onFull')::smallint on_full, x.ordinality::smallint position
    from json_array_elements(p->'concurrency') with ordinality x order by 1
  loop
    insert into engine.flow_limit as f (org_id, name, max) values (org, c.name, c.max)
    on conflict (org_id, name) do update set max = excluded.max,
      tolerated = case when f.running > coalesce(f.override, excluded.max) then greatest(f.tolerated, f.running) else 0 end;
    insert into engine.hold (org_id, run_id, name, position, on_full, held) values (org, run, c.name, c.position, c.on_full, false);
  end loop;
  if delayed then return; end if;
  -- Those that wait already go first, should the limit have been raised by this start.
  perform engine.promote(org, h.name) from engine.hold h
  where h.org_id = org and h.run_id = start_admitted.run and exists (
    select from engine.live l where l.org_id = org and l.gate = h.name and l.state = 4 and l.run_id <> start_admitted.run and l.at is null);
  select l.state into state from engine.live l where l.org_id = org and l.run_id = start_admitted.run;
  if state = 4 then
    select a.state, a.cancelled into state, cancelled from engine.admit(org, run) a;
    if state is null then outcome := 'refused'; end if;
  end if;
end $$;

create or replace function engine.admit_due(p_queues text[]) returns integer language plpgsql as $$
declare
  l record;
  n integer := 0;
begin
  for l in
    select x.org_id, x.run_id from unnest(p_queues) q cross join lateral (
      select y.org_id, y.run_id, y.at from engine.live y where y.state = 4 and y.queue = q and y.at <= now() order by y.at limit 100) x
    order by x.at
  loop
    perform engine.admit(l.org_id, l.run_id) from engine.live x
    where x.org_id = l.org_id and x.run_id = l.run_id and x.state = 4 and x.at <= now();
    -- It was refused as the newest, after it had been announced.
    if not exists (select from engine.live x where x.org_id = l.org_id and x.run_id = l.run_id) then
      perform engine.tell_end(l.org_id, l.run_id, 3::smallint, replace(s.error->>'message', 'the run was cancelled: ', ''))
      from engine.result s where s.org_id = l.org_id and s.run_id = l.run_id;
    end if;
    n := n + 1;
  end loop;
  return n;
end $$;

-- A child that outlived the run that should have stopped it.
create view engine.inv_child_left_behind with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l join engine.result s on s.org_id = l.org_id and s.run_id = l.closed_by
where not exists (select from engine.inbox i where i.org_id = l.org_id and i.run_id = l.run_id and i.kind in (3, 4));
grant select on engine.inv_child_left_behind to orrery_engine, orrery_app;
