-- Functions on runs. All run with the rights of their caller, so row-level security applies inside them.
-- Lock order, everywhere: flow_limit (by name), then live (by id), then the rest.

create function engine.ms(at timestamptz) returns double precision language sql stable as
$$ select trunc(extract(epoch from at) * 1000)::double precision $$;

create function engine.at(ms double precision) returns timestamptz language sql immutable as
$$ select to_timestamp(ms / 1000) $$;

-- How much sooner a run of a priority counts as ready: an urgent run passes normal ones that wait less than an hour, never those that
-- wait longer.
create function engine.bonus(priority smallint) returns interval language sql immutable as
$$ select case priority when 0 then interval '-10 minutes' when 1 then interval '0' when 2 then interval '10 minutes' else interval '1 hour' end $$;

-- Aborts the statement as a lost race; the caller sends it again with a fresh snapshot.
create function engine.lost_race(what text) returns boolean language plpgsql as $$
begin
  raise exception 'lost a race: %', what using errcode = '40001';
end $$;

-- Hands the runs of a fenced worker on. `lost`: it died with them; the count starts again for a run that journalled something since it
-- was claimed.
create function engine.hand_over(p_worker uuid, lost boolean) returns integer language plpgsql as $$
declare n integer;
begin
  update engine.live l set
    state = 1, worker = null, rank = now() - engine.bonus(l.priority),
    crashes = case when j.seq >= l.next_seq then 0 else l.crashes end + lost::integer,
    next_seq = greatest(l.next_seq, coalesce(j.seq + 1, 1)),
    base = greatest(l.base, coalesce(j.generation, 0))
  from engine.live m
  cross join lateral (
    select max(x.seq) seq, max(x.seq) filter (where x.kind = 9) generation
    from engine.journal x where x.org_id = m.org_id and x.run_id = m.run_id and x.seq >= m.next_seq
  ) j
  where m.worker = p_worker and m.state = 2 and l.org_id = m.org_id and l.run_id = m.run_id;
  get diagnostics n = row_count;
  return n;
end $$;

create function engine.retire(p_worker uuid) returns integer language plpgsql as $$
begin
  -- Waits for a flush in progress, which holds a key-share lock on this row. Invariant (I5): after this none can follow.
  perform from engine.worker where worker_id = p_worker for update;
  update engine.worker set fenced = true, fenced_at = now() where worker_id = p_worker and not fenced;
  return engine.hand_over(p_worker, false);
end $$;

create function engine.beat(p_worker uuid, lease_ms double precision, p_queues text[])
returns table (alive boolean, now_ms double precision, poked uuid[], ready boolean, next_at double precision, reaped integer)
language plpgsql as $$
declare silent uuid;
begin
  update engine.worker set beat_at = now() where worker_id = p_worker and not fenced;
  alive := found;
  reaped := 0;
  -- A worker whose flush is in progress is skipped: it is not silent, and a beat must not wait.
  for silent in
    select w.worker_id from engine.worker w
    where not w.fenced and w.worker_id <> p_worker and w.beat_at < now() - lease_ms * interval '1 ms'
    order by w.worker_id for update skip locked
  loop
    update engine.worker set fenced = true, fenced_at = now() where worker_id = silent;
    reaped := reaped + engine.hand_over(silent, true);
  end loop;
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
  return next;
end $$;

-- Puts a message into a run's inbox and wakes the run if it waits; an id that the run was sent before does nothing (I8).
-- A run that was delayed and never began keeps its time, but for a cancellation. No row: the run is not live.
create function engine.post(p_org uuid, p_run uuid, p_id uuid, p_kind smallint, p_name text, p_payload json, p_error json)
returns table (state smallint, worker uuid, queue text) language plpgsql as $$
begin
  select l.state, l.worker, l.queue into state, worker, queue from engine.live l where l.org_id = p_org and l.run_id = p_run for update;
  if not found then return; end if;
  insert into engine.inbox (org_id, run_id, id, kind, name, payload, error)
  values (p_org, p_run, p_id, p_kind, p_name, p_payload, p_error) on conflict do nothing;
  if found then
    update engine.live l set
      wakes = l.wakes + 1,
      state = case when l.state = 3 and (l.begun or p_kind = 3) then 1 else l.state end,
      rank = case when l.state = 3 and (l.begun or p_kind = 3) then now() - engine.bonus(l.priority) else l.rank end,
      at = case when l.state = 3 and (l.begun or p_kind = 3) then null else l.at end,
      waits = case when l.state = 3 and (l.begun or p_kind = 3) then null else l.waits end
    where l.org_id = p_org and l.run_id = p_run
    returning l.state into state;
  end if;
  return next;
end $$;

-- A run that nobody works on is paused at once; a delayed one keeps its time. One that a worker has is poked, and its worker
-- parks it. One that is gated or blocked keeps the wish for when it gets on.
create function engine.set_pause(p_org uuid, p_run uuid, p_paused boolean)
returns table (worker uuid, queue text) language sql as $$
  update engine.live l set
    pause = p_paused, wakes = l.wakes + 1,
    state = case
      when p_paused and l.state in (1, 3) then 5
      when not p_paused and l.state = 5 then case when l.at > now() then 3 else 1 end
      else l.state end,
    at = case
      when p_paused and l.state in (1, 3) then case when not l.begun then l.at end
      when not p_paused and l.state = 5 and l.at <= now() then null
      else l.at end,
    waits = case when p_paused and l.state in (1, 3) then null else l.waits end,
    rank = case when not p_paused and l.state = 5 then greatest(l.at, now()) - engine.bonus(l.priority) else l.rank end
  where l.org_id = p_org and l.run_id = p_run
  returning l.worker, l.queue
$$;

create function engine.unblock(p_org uuid, p_run uuid, p_bundle text) returns boolean language plpgsql as $$
declare l engine.live;
begin
  update engine.live x set state = 1, crashes = 0, reason = null, rank = now() - engine.bonus(x.priority), wakes = x.wakes + 1,
    bundle = coalesce(p_bundle, x.bundle), next_seq = x.next_seq + (p_bundle is not null)::integer
  where x.org_id = p_org and x.run_id = p_run and x.state = 6 returning x.* into l;
  if not found then return false; end if;
  if p_bundle is not null then
    insert into engine.journal (org_id, run_id, seq, cmd, kind, attempt, started_at, at, name)
    values (p_org, p_run, l.next_seq - 1, 0, 8, 1, now(), now(), p_bundle);
  end if;
  return true;
end $$;

create function engine.insert_run(p json, p_input json) returns boolean language plpgsql as $$
begin
  insert into engine.run (org_id, run_id, workflow, bundle, queue, priority, input, tags, created_at, parent_run, parent_cmd,
                          origin_kind, origin_run, origin_seq, seed, keys, clock_at, deadline)
  values ((p->>'org')::uuid, (p->>'run')::uuid, p->>'workflow', p->>'bundle', p->>'queue', (p->>'priority')::smallint, p_input,
          array(select json_array_elements_text(p->'tags')), engine.at((p->>'createdAt')::float8),
          (p#>>'{parent,run}')::uuid, (p#>>'{parent,cmd}')::integer,
          p#>>'{origin,kind}', (p#>>'{origin,run}')::uuid, (p#>>'{origin,seq}')::integer,
          p->>'seed', p->>'keys', engine.at((p->>'clockAt')::float8), engine.at((p->>'deadline')::float8))
  on conflict (org_id, run_id) do nothing;
  return found;
end $$;

-- A new run with the rows of another below `p_before`, under their own numbers. `p_edits`: {"<cmd>": "<output>"} for steps of the
-- generation that the new run goes on with; outputs are JSON within text, because operators on json decode every string inside and refuse
-- some (\u0000).
create function engine.fork(p_source uuid, p_before integer, p json, p_input json, p_edits json) returns boolean language plpgsql as $$
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
  insert into engine.live (org_id, run_id, state, priority, queue, rank, next_seq, base)
  values (org, target, 1, (p->>'priority')::smallint, p->>'queue', now() - engine.bonus((p->>'priority')::smallint), n + 1, start);
  return true;
end $$;
