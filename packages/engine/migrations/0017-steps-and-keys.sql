-- Lines of steps carry the name of their step, which the journal has only when an attempt has ended. Null: the workflow wrote the line.
alter table engine.log add column step text;

create or replace view engine.log_view with (security_invoker = true) as
select g.org_id, g.run_id, g.id, g.cmd, g.attempt, g.at, g.level, g.message, g.data, g.step from engine.log g;

-- A start that may use the dedupe key of a run which has ended without success.
create function engine.start_reusing(p json, p_input json, out outcome text, out run uuid, out state smallint, out cancelled uuid[])
language plpgsql as $$
begin
  -- A repeated start keeps its key.
  delete from engine.key k using engine.result s
  where k.org_id = (p->>'org')::uuid and k.kind = 1 and k.workflow = p->>'workflow' and k.key = p#>>'{dedupe,key}'
    and s.org_id = k.org_id and s.run_id = k.run_id and s.status <> 1
    and not exists (select from engine.run r where r.org_id = k.org_id and r.run_id = (p->>'run')::uuid);
  select s.outcome, s.run, s.state, s.cancelled into outcome, run, state, cancelled from engine.start_admitted(p, p_input) s;
end $$;

-- Source map of the code, for the stacks of errors. The hash does not name it: the same code may come from files whose lines have moved.
alter table engine.bundle add column map text;
