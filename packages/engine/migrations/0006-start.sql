-- A start with keys or limits, decided in one transaction.

-- The run that a dedupe key stands for: `p_run` itself if the key is new or its window has passed.
create function engine.take_dedupe_key(p_org uuid, p_run uuid, p_workflow text, p_key text, window_ms double precision) returns uuid language sql as $$
  insert into engine.key as k (org_id, kind, workflow, key, run_id, expires_at)
  values (p_org, 1, p_workflow, p_key, p_run, clock_timestamp() + window_ms * interval '1 ms')
  on conflict (org_id, kind, workflow, key) do update set
    run_id = case when k.expires_at <= clock_timestamp() then excluded.run_id else k.run_id end,
    expires_at = case when k.expires_at <= clock_timestamp() then excluded.expires_at else k.expires_at end
  returning k.run_id
$$;

-- Reserves the next free time of a rate (GCRA without a burst): its starts are a period / max apart, so that no period ever sees more.
create function engine.reserve_rate(p_org uuid, p_name text, p_max integer, period_ms double precision) returns timestamptz language sql as $$
  insert into engine.flow_limit as f (org_id, name, tat) values (p_org, p_name, clock_timestamp() + period_ms / p_max * interval '1 ms')
  on conflict (org_id, name) do update set tat = greatest(f.tat, clock_timestamp()) + period_ms / p_max * interval '1 ms'
  returning f.tat - period_ms / p_max * interval '1 ms'
$$;

-- A pending run of a debounce key takes the new input and is put off, at most until `latest_at`. Null: there is none, start a run.
create function engine.put_off(p json, p_input json, out pending uuid, out at timestamptz) language plpgsql as $$
declare
  org uuid := (p->>'org')::uuid;
  k engine.key;
  latest timestamptz := clock_timestamp() + (p#>>'{debounce,maxDelayMs}')::float8 * interval '1 ms';
begin
  at := clock_timestamp() + (p#>>'{debounce,delayMs}')::float8 * interval '1 ms';
  insert into engine.key as x (org_id, kind, workflow, key, run_id, latest_at, expires_at)
  values (org, 2, p->>'workflow', p#>>'{debounce,key}', (p->>'run')::uuid, latest, at + interval '1 day')
  on conflict (org_id, kind, workflow, key) do update set expires_at = greatest(x.expires_at, excluded.expires_at)
  returning x.* into k;
  if k.run_id <> (p->>'run')::uuid then
    at := least(at, k.latest_at);
    update engine.live l set at = put_off.at, priority = (p->>'priority')::smallint, queue = p->>'queue',
      rank = put_off.at - engine.bonus((p->>'priority')::smallint)
    where l.org_id = org and l.run_id = k.run_id and l.state in (3, 4) and l.at is not null and not l.begun;
    if found then
      update engine.run r set workflow = p->>'workflow', bundle = p->>'bundle', queue = p->>'queue', priority = (p->>'priority')::smallint,
        input = p_input, tags = array(select json_array_elements_text(p->'tags')), deadline = engine.at((p->>'deadline')::float8)
      where r.org_id = org and r.run_id = k.run_id;
      pending := k.run_id;
      return;
    end if;
    update engine.key x set run_id = (p->>'run')::uuid, latest_at = latest
    where x.org_id = org and x.kind = 2 and x.workflow = p->>'workflow' and x.key = p#>>'{debounce,key}';
    at := clock_timestamp() + (p#>>'{debounce,delayMs}')::float8 * interval '1 ms';
  end if;
  at := least(at, latest);
end $$;

-- `p` is an AdmittedStart (without its input), its priority and `onFull` as codes.
create function engine.start_admitted(p json, p_input json, out outcome text, out run uuid, out state smallint, out cancelled uuid[]) language plpgsql as $$
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
  insert into engine.live as l (org_id, run_id, state, priority, queue, at, rank, holds, gate)
  values (org, run, case when json_array_length(p->'concurrency') > 0 then 4 when delayed then 3 else 1 end, (p->>'priority')::smallint, p->>'queue',
          case when delayed then start_at end, start_at - engine.bonus((p->>'priority')::smallint),
          json_array_length(p->'concurrency') > 0, p#>>'{concurrency,0,limit}')
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
