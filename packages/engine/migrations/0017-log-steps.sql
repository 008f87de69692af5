-- Lines of steps carry the name of their step, which the journal has only when an attempt has ended. Null: the workflow wrote the line.
alter table engine.log add column step text;

create or replace view engine.log_view with (security_invoker = true) as
select g.org_id, g.run_id, g.id, g.cmd, g.attempt, g.at, g.level, g.message, g.data, g.step from engine.log g;
