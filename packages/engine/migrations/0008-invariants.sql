-- Each view must return no rows, at any moment. Used after tests, in chaos, by `doctor` and as a metric.
-- They read whole tables: not for a hot path.

-- I1: an accepted run ends in one result or stays live.
create view engine.inv_run_lost with (security_invoker = true) as
select r.org_id, r.run_id from engine.run r
where not exists (select from engine.live l where l.org_id = r.org_id and l.run_id = r.run_id)
  and not exists (select from engine.result s where s.org_id = r.org_id and s.run_id = r.run_id);

-- I6: never both.
create view engine.inv_run_live_and_ended with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l join engine.result s using (org_id, run_id);

create view engine.inv_live_without_run with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l
where not exists (select from engine.run r where r.org_id = l.org_id and r.run_id = l.run_id);

create view engine.inv_result_without_run with (security_invoker = true) as
select s.org_id, s.run_id from engine.result s
where not exists (select from engine.run r where r.org_id = s.org_id and r.run_id = s.run_id);

-- I2: the journal is numbered 1, 2, 3 … without gaps, and belongs to a run.
create view engine.inv_journal_gap with (security_invoker = true) as
select j.org_id, j.run_id from engine.journal j group by j.org_id, j.run_id having min(j.seq) <> 1 or max(j.seq) <> count(*);

create view engine.inv_journal_without_run with (security_invoker = true) as
select distinct j.org_id, j.run_id from engine.journal j
where not exists (select from engine.run r where r.org_id = j.org_id and r.run_id = j.run_id);

-- I4: a command has one outcome in a generation (attempts and markers apart).
create view engine.inv_command_answered_twice with (security_invoker = true) as
select j.org_id, j.run_id, g.generation, j.cmd from engine.journal j
cross join lateral (
  select coalesce(max(x.seq), 0) generation from engine.journal x
  where x.org_id = j.org_id and x.run_id = j.run_id and x.kind = 9 and x.seq < j.seq
) g
where j.kind in (1, 2, 3, 4) group by 1, 2, 3, 4 having count(*) > 1;

-- I7: a limit's counter is its holders, and within its maximum (but for those that ran when it was lowered).
create view engine.inv_limit_miscounted with (security_invoker = true) as
select f.org_id, f.name from engine.flow_limit f
where f.running <> (select count(*) from engine.hold h where h.org_id = f.org_id and h.name = f.name and h.held);

create view engine.inv_limit_exceeded with (security_invoker = true) as
select f.org_id, f.name from engine.flow_limit f
where f.running > greatest(coalesce(f.override, f.max), f.tolerated);

create view engine.inv_hold_without_run with (security_invoker = true) as
select h.org_id, h.run_id from engine.hold h
where not exists (select from engine.live l where l.org_id = h.org_id and l.run_id = h.run_id and l.holds);

-- A gated run waits for a limit that is full, or for its time, and has none of its limits yet.
create view engine.inv_gated_with_room with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l left join engine.flow_limit f on f.org_id = l.org_id and f.name = l.gate
where l.state = 4 and l.at is null and (f.name is null or f.running < coalesce(f.override, f.max));

create view engine.inv_admission_mixed with (security_invoker = true) as
select distinct l.org_id, l.run_id from engine.live l join engine.hold h using (org_id, run_id) where h.held = (l.state = 4);

-- I8: a message waits for a run that can still receive it.
create view engine.inv_message_without_run with (security_invoker = true) as
select distinct i.org_id, i.run_id from engine.inbox i
where not exists (select from engine.live l where l.org_id = i.org_id and l.run_id = i.run_id);

-- Nothing is forgotten: who runs has a worker, who waits has a time or something named, who is blocked has a reason.
create view engine.inv_running_without_worker with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l left join engine.worker w on w.worker_id = l.worker
where l.state = 2 and (w.worker_id is null or (w.fenced and w.fenced_at < now() - interval '1 minute'));

create view engine.inv_worker_without_running with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l where l.state <> 2 and l.worker is not null;

create view engine.inv_waiting_for_nothing with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l
where l.state = 3 and l.at is null and (l.waits is null or json_array_length(l.waits) = 0);

create view engine.inv_overdue with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l
where l.state = 3 and l.at < now() - interval '10 minutes'
  and not exists (select from engine.queue_control q where q.org_id = l.org_id and q.queue = l.queue and q.paused)
  and exists (select from engine.worker w where not w.fenced and l.queue = any (w.queues) and (w.orgs is null or l.org_id = any (w.orgs)));

create view engine.inv_blocked_without_reason with (security_invoker = true) as
select l.org_id, l.run_id from engine.live l where l.state = 6 and l.reason is null;

-- I2 and org isolation: every table of an org has forced row-level security, and history cannot be changed.
create view engine.inv_table_open with (security_invoker = true) as
select c.relname from pg_catalog.pg_class c
where c.relnamespace = 'engine'::regnamespace and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity);

create view engine.inv_history_writable with (security_invoker = true) as
select r.role, t.name from unnest(array['orrery_engine', 'orrery_app']) r(role),
  unnest(array['engine.run', 'engine.journal', 'engine.result', 'engine.log', 'engine.event']) t(name)
where has_table_privilege(r.role, t.name, 'update') or has_table_privilege(r.role, t.name, 'delete') or has_table_privilege(r.role, t.name, 'truncate');

do $$
declare v text;
begin
  for v in select relname from pg_catalog.pg_class where relnamespace = 'engine'::regnamespace and relkind = 'v' and relname like 'inv\_%' loop
    execute format('grant select on engine.%I to orrery_engine, orrery_app', v);
  end loop;
end $$;
