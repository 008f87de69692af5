-- A child that needs a limit which the runs that wait for it hold could never start.

-- The ancestors of a run whose end would stop it: it runs while they run, or not at all.
create function engine.ancestors(p_org uuid, p_run uuid) returns setof uuid language sql stable as $$
  with recursive up(run_id, parent_run, parent_close) as (
    select r.run_id, r.parent_run, r.parent_close from engine.run r where r.org_id = p_org and r.run_id = p_run
    union all
    select r.run_id, r.parent_run, r.parent_close from up u join engine.run r on r.org_id = p_org and r.run_id = u.parent_run
    where u.parent_close > 0
  )
  select u.parent_run from up u where u.parent_close > 0
$$;

-- The ancestor that holds a place of the limit on which a run is gated, if its ancestors hold all places. Null: the run may start some day.
create function engine.held_by_ancestor(p_org uuid, p_run uuid) returns uuid language sql stable as $$
  select case when count(*) >= max(coalesce(f.override, f.max)) then (array_agg(h.run_id order by h.run_id desc))[1] end
  from engine.live l
  join engine.flow_limit f on f.org_id = l.org_id and f.name = l.gate
  join engine.hold h on h.org_id = l.org_id and h.name = l.gate and h.held
  where l.org_id = p_org and l.run_id = p_run and l.state = 4 and l.at is null
    and h.run_id in (select a from engine.ancestors(p_org, p_run) a)
$$;

-- Fails the start of such a child, with its limit and the ancestor in the detail.
create function engine.require_start(p_org uuid, p_run uuid) returns void language plpgsql as $$
declare holder uuid := engine.held_by_ancestor(p_org, p_run);
begin
  if holder is not null then
    raise exception 'a run that waits for this one holds its limit' using errcode = 'OR001',
      detail = (select json_build_object('limit', l.gate, 'holder', holder) from engine.live l where l.org_id = p_org and l.run_id = p_run);
  end if;
end $$;
