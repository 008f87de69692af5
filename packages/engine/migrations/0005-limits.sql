-- Limits are admitted at the start and given back at the end. A run takes all of its limits or none: it is gated on the first full one.
-- Invariant (I7): flow_limit.running is the number of its holds that are held.

-- Locks the limits that these runs hold, so that ending them keeps the lock order.
create function engine.lock_limits(p_orgs uuid[], p_runs uuid[]) returns void language plpgsql as $$
begin
  perform from engine.flow_limit f
  where (f.org_id, f.name) in (select h.org_id, h.name from unnest(p_orgs, p_runs) u(o, r) join engine.hold h on h.org_id = u.o and h.run_id = u.r)
  order by f.org_id, f.name for update;
end $$;

-- Whether a run may have all of its limits now: takes them and makes it ready (1), or gates it on the first full one (4).
create function engine.take_limits(p_org uuid, p_run uuid) returns smallint language plpgsql as $$
declare
  full_limit text;
  l engine.live;
begin
  perform from engine.flow_limit f where f.org_id = p_org
    and f.name in (select h.name from engine.hold h where h.org_id = p_org and h.run_id = p_run) order by f.name for update;
  select x.* into l from engine.live x where x.org_id = p_org and x.run_id = p_run for update;
  if l.state is distinct from 4 then return l.state; end if;
  select h.name into full_limit from engine.hold h join engine.flow_limit f using (org_id, name)
  where h.org_id = p_org and h.run_id = p_run and f.running >= coalesce(f.override, f.max) order by h.position limit 1;
  if found then
    update engine.live set state = 4, gate = full_limit, at = null where org_id = p_org and run_id = p_run;
    return 4;
  end if;
  update engine.flow_limit f set running = f.running + 1 from engine.hold h
  where h.org_id = p_org and h.run_id = p_run and f.org_id = h.org_id and f.name = h.name;
  update engine.hold set held = true where org_id = p_org and run_id = p_run;
  update engine.live x set state = 1, gate = null, at = null, rank = now() - engine.bonus(x.priority)
  where x.org_id = p_org and x.run_id = p_run returning x.* into l;
  return l.state;
end $$;

-- Lets gated runs in while a limit has room. Returns those that became ready.
create function engine.promote(p_org uuid, p_name text) returns table (run_id uuid, queue text) language plpgsql as $$
declare l engine.live;
begin
  loop
    perform from engine.flow_limit f where f.org_id = p_org and f.name = p_name and f.running < coalesce(f.override, f.max) for update;
    exit when not found;
    select x.* into l from engine.live x
    where x.org_id = p_org and x.gate = p_name and x.state = 4 and (x.at is null or x.at <= now()) order by x.rank limit 1 for update;
    exit when not found;
    if engine.take_limits(p_org, l.run_id) = 1 then
      run_id := l.run_id; queue := l.queue; return next;
    end if;
  end loop;
end $$;

-- Gives back what ended runs held and passes it on. Returns the runs that became ready.
create function engine.release(p_orgs uuid[], p_runs uuid[]) returns table (run_id uuid, queue text) language plpgsql as $$
declare f record;
begin
  perform engine.lock_limits(p_orgs, p_runs);
  for f in
    with gone as (
      delete from engine.hold h using unnest(p_orgs, p_runs) u(o, r) where h.org_id = u.o and h.run_id = u.r returning h.org_id, h.name, h.held
    ), freed as (
      select g.org_id, g.name, count(*)::integer n from gone g where g.held group by 1, 2
    )
    update engine.flow_limit x set running = x.running - freed.n, tolerated = case when x.tolerated > 0 then least(x.tolerated, x.running - freed.n) else 0 end
    from freed where x.org_id = freed.org_id and x.name = freed.name returning x.org_id, x.name
  loop
    return query select * from engine.promote(f.org_id, f.name);
  end loop;
end $$;

create function engine.set_limit(p_org uuid, p_name text, p_max integer) returns void language plpgsql as $$
begin
  insert into engine.flow_limit as f (org_id, name, override) values (p_org, p_name, p_max)
  on conflict (org_id, name) do update set override = p_max,
    tolerated = case when f.running > coalesce(p_max, f.max) then f.running else 0 end;
  perform engine.promote(p_org, p_name);
end $$;

-- Ends a run that no worker has. Tells its parent, releases its limits.
create function engine.end_run(p_org uuid, p_run uuid, p_status smallint, p_error json) returns boolean language plpgsql as $$
declare r engine.run;
begin
  perform engine.lock_limits(array[p_org], array[p_run]);
  delete from engine.live where org_id = p_org and run_id = p_run and state <> 2;
  if not found then return false; end if;
  insert into engine.result (org_id, run_id, status, at, error) values (p_org, p_run, p_status, clock_timestamp(), p_error);
  delete from engine.inbox where org_id = p_org and run_id = p_run;
  delete from engine.progress where org_id = p_org and run_id = p_run;
  perform engine.release(array[p_org], array[p_run]);
  select * into r from engine.run where org_id = p_org and run_id = p_run;
  if r.parent_run is not null then
    perform engine.post(p_org, r.parent_run, engine.uuid7(), 2::smallint, format('%s %s', r.parent_cmd, p_run), null, p_error);
  end if;
  return true;
end $$;

create function engine.cancelled(reason text) returns json language sql immutable as
$$ select json_build_object('name', 'Cancelled', 'message', reason, 'kind', 'cancelled') $$;

-- Decides on a gated run whose time has come. Returns its state (null: it was cancelled as the newest) and the runs it asked to stop.
create function engine.admit(p_org uuid, p_run uuid, out state smallint, out cancelled uuid[]) language plpgsql as $$
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
      perform engine.post(p_org, other, engine.uuid7(), 3::smallint, 'a newer run took its place', null, null);
      cancelled := cancelled || other;
    end loop;
  end loop;
end $$;

-- Decides on the gated runs that were delayed until now. Returns how many.
create function engine.admit_due(p_queues text[]) returns integer language plpgsql as $$
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
    n := n + 1;
  end loop;
  return n;
end $$;
