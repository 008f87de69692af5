-- A run that a worker has can be terminated: inbox.kind 4, next to 3 (a request to stop). Its worker ends it without its cleanup.

create or replace function engine.stop_alone(p_org uuid, p_run uuid, p_id uuid, p_reason text, p_terminate boolean) returns setof engine.effect
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

create or replace view engine.inv_child_left_behind with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l join engine.result s on s.org_id = l.org_id and s.run_id = l.closed_by
where not exists (select from engine.inbox i where i.org_id = l.org_id and i.run_id = l.run_id and i.kind in (3, 4));
