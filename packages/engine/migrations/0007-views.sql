-- What lists show of a run, in public words. Rights and policies are those of the reader.
create view engine.run_view with (security_invoker = true) as
select
  r.org_id, r.run_id, r.workflow, coalesce(l.bundle, r.bundle) as bundle, r.queue, r.tags, r.created_at, r.deadline,
  r.parent_run, r.parent_cmd, r.origin_kind, r.origin_run, r.origin_seq,
  (array['low', 'normal', 'high', 'urgent'])[r.priority + 1] as priority,
  case
    when s.status is not null then (array['succeeded', 'failed', 'cancelled', 'timed_out'])[s.status]
    when l.state = 2 then 'running'
    when l.pause or l.state = 5 then 'paused'
    when l.state = 3 then 'waiting'
    when l.state = 6 then 'blocked'
    when l.state in (1, 4) then case when l.begun then 'running' else 'queued' end
  end as status,
  -- The first step's beginning; a run without steps begins when it ends.
  coalesce((select j.started_at from engine.journal j where j.org_id = r.org_id and j.run_id = r.run_id and j.seq = 1), s.at) as started_at,
  s.at as finished_at,
  l.at as due_at,
  l.reason,
  s.error,
  s.output,
  r.input
from engine.run r
left join engine.live l on l.org_id = r.org_id and l.run_id = r.run_id
left join engine.result s on s.org_id = r.org_id and s.run_id = r.run_id;

grant select on engine.run_view to orrery_engine, orrery_app;
