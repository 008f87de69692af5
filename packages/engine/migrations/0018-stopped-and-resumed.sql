-- Continues a blocked run; with a bundle, in that bundle, and then a paused one too. A delayed run that has not begun keeps its time.
create or replace function engine.unblock(p_org uuid, p_run uuid, p_bundle text) returns boolean language plpgsql as $$
declare l engine.live;
begin
  update engine.live x set
    state = case when x.state = 5 and x.at > now() then 3 else 1 end, at = case when x.state = 5 and x.at > now() then x.at end,
    rank = case when x.state = 5 then greatest(x.at, now()) else now() end - engine.bonus(x.priority),
    pause = x.pause and x.state = 6, crashes = 0, lost_by = '{}', reason = null, wakes = x.wakes + 1,
    bundle = coalesce(p_bundle, x.bundle), next_seq = x.next_seq + (p_bundle is not null)::integer
  where x.org_id = p_org and x.run_id = p_run and (x.state = 6 or (x.state = 5 and p_bundle is not null)) returning x.* into l;
  if not found then return false; end if;
  if p_bundle is not null then
    insert into engine.journal (org_id, run_id, seq, cmd, kind, attempt, started_at, at, name)
    values (p_org, p_run, l.next_seq - 1, 0, 8, 1, now(), now(), p_bundle);
  end if;
  return true;
end $$;

-- Signals that no wait has taken, in the order of their arrival.
create view engine.unread_signal_view with (security_invoker = true) as
select i.org_id, i.run_id, i.name, i.arrival from engine.inbox i where i.kind = 1 and not i.read;

-- `alive`: it has not been fenced, and its lease has not lapsed. No other worker can fence the last one.
create or replace view engine.worker_view with (security_invoker = true) as
select
  w.worker_id, w.host, w.pid, w.version, w.queues, w.slots, w.steps, w.orgs, w.started_at, w.beat_at, w.fenced,
  not w.fenced and w.beat_at > now() - greatest(w.lease_ms, 5000) * interval '1 ms' as alive
from engine.worker w;

grant select on engine.unread_signal_view to orrery_engine, orrery_app;
