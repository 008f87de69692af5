-- The engine's tables for a host, in addition to `run_view`, with words in place of integer codes. The rights and policies of the reader
-- apply. Every view except `queue_view` is one table or a join by a key, so the planner treats a query over it like one over the table.

-- Runs that have not ended.
create view engine.live_view with (security_invoker = true) as
select
  l.org_id, l.run_id, l.queue, l.worker, l.gate, l.reason, l.crashes, l.pause as pause_requested,
  (array['ready', 'running', 'waiting', 'gated', 'paused', 'blocked'])[l.state] as state,
  (array['low', 'normal', 'high', 'urgent'])[l.priority + 1] as priority,
  l.at as due_at
from engine.live l;

create view engine.result_view with (security_invoker = true) as
select
  s.org_id, s.run_id, (array['succeeded', 'failed', 'cancelled', 'timed_out'])[s.status] as status, s.at as finished_at, s.output, s.error
from engine.result s;

-- The ended runs that did not succeed. They are few and have an index of their own.
create view engine.unsuccessful_view with (security_invoker = true) as
select
  s.org_id, s.run_id, (array['succeeded', 'failed', 'cancelled', 'timed_out'])[s.status] as status, s.at as finished_at, s.error
from engine.result s where s.status <> 1;

create view engine.journal_view with (security_invoker = true) as
select
  j.org_id, j.run_id, j.seq,
  (array['step', 'sleep', 'signal', 'child', 'cancel', 'attempt', 'patch', 'version', 'generation'])[j.kind] as kind,
  j.cmd, j.name, j.attempt, j.input, j.output, j.error, j.started_at, j.at
from engine.journal j;

create view engine.log_view with (security_invoker = true) as
select g.org_id, g.run_id, g.id, g.cmd, g.attempt, g.at, g.level, g.message, g.data from engine.log g;

create view engine.event_view with (security_invoker = true) as
select e.org_id, e.tx, e.id, e.at, e.type, e.subject, e.data, e.run_id from engine.event e;

-- Queues that have live runs or are paused. `oldest_ready_at`: when the oldest ready run of normal priority became ready.
create view engine.queue_view with (security_invoker = true) as
select
  q.org_id, q.queue, bool_or(q.paused) as paused,
  count(*) filter (where q.state = 1)::int as ready, count(*) filter (where q.state = 2)::int as running,
  count(*) filter (where q.state = 3)::int as waiting, count(*) filter (where q.state = 4)::int as gated,
  count(*) filter (where q.state = 5)::int as paused_runs, count(*) filter (where q.state = 6)::int as blocked,
  min(q.rank) filter (where q.state = 1 and q.priority = 1) as oldest_ready_at
from (
  select l.org_id, l.queue, false as paused, l.state, l.priority, l.rank from engine.live l
  union all
  select c.org_id, c.queue, true, null, null, null from engine.queue_control c where c.paused
) q
group by q.org_id, q.queue;

-- Concurrency limits, without names that only a rate uses. `max`: the size set by an operator, else the size declared by a workflow.
create view engine.limit_view with (security_invoker = true) as
select
  f.org_id, f.name, coalesce(f.override, f.max) as max, f.override, f.running as holders,
  (select count(*)::int from engine.live l where l.org_id = f.org_id and l.gate = f.name and l.state = 4) as waiting
from engine.flow_limit f where f.max is not null or f.override is not null;

create view engine.worker_view with (security_invoker = true) as
select w.worker_id, w.host, w.pid, w.version, w.queues, w.slots, w.steps, w.orgs, w.started_at, w.beat_at, w.fenced from engine.worker w;

create view engine.bundle_view with (security_invoker = true) as
select b.org_id, b.hash as bundle, b.manifest, b.created_at from engine.bundle b;

-- The bundle that new starts of each workflow use.
create view engine.workflow_view with (security_invoker = true) as
select d.org_id, d.workflow, d.bundle, d.set_at as deployed_at, b.manifest
from engine.workflow_default d join engine.bundle b on b.org_id = d.org_id and b.hash = d.bundle;

-- The bundles that contain each workflow.
create view engine.version_view with (security_invoker = true) as
select
  b.org_id, w.value->>'name' as workflow, b.hash as bundle, b.created_at,
  coalesce((
    select d.bundle = b.hash from engine.workflow_default d where d.org_id = b.org_id and d.workflow = w.value->>'name'), false) as is_default
from engine.bundle b cross join lateral json_array_elements(b.manifest->'workflows') w;

grant select on
  engine.live_view, engine.result_view, engine.unsuccessful_view, engine.journal_view, engine.log_view, engine.event_view, engine.queue_view,
  engine.limit_view, engine.worker_view, engine.bundle_view, engine.workflow_view, engine.version_view
  to orrery_engine, orrery_app;
