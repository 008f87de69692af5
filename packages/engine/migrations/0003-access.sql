-- Who may see and do what. `orrery_engine` runs the loops over all orgs; `orrery_app` sees one org, named by app.org_id.

create function engine.current_org() returns uuid language sql stable as
$$ select nullif(current_setting('app.org_id', true), '')::uuid $$;

grant usage on schema engine to orrery_engine, orrery_app;

do $$
declare t text;
begin
  for t in
    select c.relname from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'engine'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'org_id'
  loop
    execute format('alter table engine.%I enable row level security', t);
    execute format('alter table engine.%I force row level security', t);
    execute format('create policy owner on engine.%I to orrery_owner using (true) with check (true)', t);
    execute format('create policy engine on engine.%I to orrery_engine using (true) with check (true)', t);
    execute format('create policy app on engine.%I to orrery_app using (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', t);
  end loop;
end $$;

-- Workers belong to no org; an app sees those that serve its own.
alter table engine.worker enable row level security;
alter table engine.worker force row level security;
create policy owner on engine.worker to orrery_owner using (true) with check (true);
create policy engine on engine.worker to orrery_engine using (true) with check (true);
create policy app on engine.worker for select to orrery_app
  using (nullif(current_setting('app.org_id', true), '') is not null and (orgs is null or engine.current_org() = any (orgs)));

-- Invariant (I2): history is append-only. Nobody but the owner (retention) may change or delete it.
grant select, insert on engine.run, engine.journal, engine.result, engine.log, engine.event to orrery_engine;
grant select, insert on engine.run, engine.journal, engine.result, engine.event to orrery_app;
grant select on engine.log, engine.worker to orrery_app;
grant usage on sequence engine.event_id, engine.log_id to orrery_engine, orrery_app;

-- One exception: a debounced start replaces the input of a pending run, as long as no worker has ever had it.
grant update (workflow, bundle, queue, priority, input, tags, deadline) on engine.run to orrery_engine, orrery_app;
create policy only_before_it_began on engine.run as restrictive for update to orrery_engine, orrery_app
  using (exists (select from engine.live l where l.org_id = run.org_id and l.run_id = run.run_id and not l.begun));

grant select, insert, update, delete on
  engine.live, engine.inbox, engine.key, engine.flow_limit, engine.hold, engine.bundle, engine.workflow_default,
  engine.queue_control, engine.progress to orrery_engine, orrery_app;
grant select, insert, update on engine.blob to orrery_engine, orrery_app;
grant select, insert, update, delete on engine.worker to orrery_engine;
