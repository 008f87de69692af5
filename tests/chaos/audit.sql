-- Data for the oracle: every effect, and every write of the engine with the writing process and the owner that the run
-- had. Installed by the superuser of the test's own server. Production has nothing of it.
create schema chaos;
grant usage on schema chaos to public;

create table chaos.effect (
  token text primary key,
  run_id uuid not null,
  key text not null,
  step text not null,
  attempt integer not null,
  saw text[] not null,
  at timestamptz not null default clock_timestamp(),
  -- True if every result that the body was given was in the journal at this moment (I3).
  durable boolean not null default false
);
create index effect_by_run on chaos.effect (run_id);

-- No unique key on (run, key): a second deposit must be recorded and not rejected.
create table chaos.deposit (like chaos.effect including defaults including indexes);
grant select, insert on chaos.effect, chaos.deposit to public;

create function chaos.check_durable() returns trigger language plpgsql security definer set plan_cache_mode = force_generic_plan as $$
begin
  new.durable := not exists (
    select from unnest(new.saw) t(token) where not exists (
      select from engine.journal j
      where j.org_id = current_setting('chaos.org')::uuid and j.run_id = split_part(t.token, '/', 1)::uuid and j.output->>'token' = t.token));
  return new;
end $$;
create trigger check_durable before insert on chaos.effect for each row execute function chaos.check_durable();
create trigger check_durable before insert on chaos.deposit for each row execute function chaos.check_durable();

create table chaos.audit (
  id bigint generated always as identity primary key,
  tx xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  -- Connections of a process carry its name.
  process text not null default current_setting('application_name'),
  what text not null,
  run_id uuid not null,
  old_worker uuid,
  new_worker uuid
);
create index audit_by_run on chaos.audit (run_id, id);
create index audit_by_worker on chaos.audit (old_worker) where what = 'owner';

-- Records the owner of each run over time. The order of ids is the order of ownership, because the row's lock is held
-- while the trigger runs.
create function chaos.note_owner() returns trigger language plpgsql security definer as $$
begin
  if tg_op = 'INSERT' then
    insert into chaos.audit (what, run_id, new_worker) values ('owner', new.run_id, new.worker);
  elsif tg_op = 'DELETE' then
    insert into chaos.audit (what, run_id, old_worker) values ('owner', old.run_id, old.worker);
  elsif old.worker is distinct from new.worker then
    insert into chaos.audit (what, run_id, old_worker, new_worker) values ('owner', new.run_id, old.worker, new.worker);
  end if;
  return null;
end $$;
create trigger note after insert or update or delete on engine.live for each row execute function chaos.note_owner();

-- Records writes that only the owner of a run may make on its behalf. The argument determines the run.
create function chaos.note_write() returns trigger language plpgsql security definer as $$
begin
  insert into chaos.audit (what, run_id)
  values (tg_argv[0], case tg_argv[0] when 'child' then (to_jsonb(new)->>'parent_run')::uuid when 'child-message' then split_part(to_jsonb(new)->>'name', ' ', 2)::uuid else new.run_id end);
  return null;
end $$;
create trigger note after insert on engine.journal for each row execute function chaos.note_write('journal');
create trigger note after insert on engine.result for each row execute function chaos.note_write('result');
create trigger note_child after insert on engine.run for each row when (new.parent_run is not null) execute function chaos.note_write('child');
create trigger note_receive after update on engine.inbox for each row when (new.read and not old.read) execute function chaos.note_write('receive');
create trigger note_child_message after insert on engine.inbox for each row when (new.kind = 2) execute function chaos.note_write('child-message');

-- Writes of a process that was not the run's owner at that moment: its registration had been fenced and another worker
-- had the run. A write in the transaction that ended the ownership (a park, the end of the run) is the owner's last
-- one.
create view chaos.stale_write as
with counted as (
  select a.*, count(*) filter (where a.what = 'owner') over (partition by a.run_id order by a.id) as change from chaos.audit a
), held as (
  -- The first row of each change names the owner from there on.
  select c.*, first_value(c.tx) over since as owner_tx, first_value(c.old_worker) over since as before, first_value(c.new_worker) over since as after
  from counted c window since as (partition by c.run_id, c.change order by c.id)
)
select h.id, h.at, h.what, h.run_id, h.process, w.version as owner
from held h
left join engine.worker w on w.worker_id = case when h.owner_tx = h.tx and h.before is not null then h.before else h.after end
where h.what <> 'owner' and h.process is distinct from w.version;
