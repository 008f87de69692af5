-- Deleting ended runs before their week is dropped, and the texts that a run holds.

-- The payload that a value stands for: itself, or the blob to which it refers (payload.ts).
create function engine.whole(p_org uuid, p json) returns text language sql stable as $$
  select case when left(p::text, 10) = '{"$blob":"'
    then (select b.body from engine.blob b where b.org_id = p_org and b.hash = substr(p::text, 11, 64)) else p::text end
$$;

-- All texts of each run, with payloads whole: what was sent to it, what it did, and what it said. For searches; read it for a few runs at a time.
create view engine.text_view with (security_invoker = true) as
select r.org_id, r.run_id, engine.whole(r.org_id, r.input) as text from engine.run r
union all select r.org_id, r.run_id, array_to_string(r.tags, ' ') from engine.run r
union all select j.org_id, j.run_id, engine.whole(j.org_id, j.input) from engine.journal j
union all select j.org_id, j.run_id, engine.whole(j.org_id, j.output) from engine.journal j
union all select j.org_id, j.run_id, concat_ws(' ', j.name, j.error::text) from engine.journal j
union all select s.org_id, s.run_id, engine.whole(s.org_id, s.output) from engine.result s
union all select s.org_id, s.run_id, s.error::text from engine.result s
union all select i.org_id, i.run_id, engine.whole(i.org_id, i.payload) from engine.inbox i
union all select i.org_id, i.run_id, concat_ws(' ', i.name, i.error::text) from engine.inbox i
union all select g.org_id, g.run_id, engine.whole(g.org_id, g.data) from engine.log g
union all select g.org_id, g.run_id, g.message from engine.log g
union all select p.org_id, p.run_id, engine.whole(p.org_id, p.details) from engine.progress p
union all select l.org_id, l.run_id, concat_ws(' ', l.gate, l.reason, l.waits::text) from engine.live l
union all select h.org_id, h.run_id, h.name from engine.hold h;

-- Ended runs that nothing needs any more. A live parent may start a child again while it is replayed, and must then find it.
create view engine.deletable_view with (security_invoker = true) as
select r.org_id, r.run_id, s.at as finished_at
from engine.run r
join engine.result s on s.org_id = r.org_id and s.run_id = r.run_id
where not exists (select from engine.live l where l.org_id = r.org_id and l.run_id in (r.run_id, r.parent_run));

grant execute on function engine.whole to orrery_engine, orrery_app;
grant select on engine.text_view, engine.deletable_view to orrery_engine, orrery_app;

-- Which rows refer to a blob: few, so these indexes are small. Runs that are live have more such rows, in tables that are small.
create index run_blob on engine.run (org_id, substr(input::text, 11, 64)) where left(input::text, 10) = '{"$blob":"';
create index journal_input_blob on engine.journal (org_id, substr(input::text, 11, 64)) where left(input::text, 10) = '{"$blob":"';
create index journal_output_blob on engine.journal (org_id, substr(output::text, 11, 64)) where left(output::text, 10) = '{"$blob":"';
create index result_blob on engine.result (org_id, substr(output::text, 11, 64)) where left(output::text, 10) = '{"$blob":"';
create index log_blob on engine.log (org_id, substr(data::text, 11, 64)) where left(data::text, 10) = '{"$blob":"';

create view engine.blob_use with (security_invoker = true) as
select org_id, run_id, substr(input::text, 11, 64) as hash from engine.run where left(input::text, 10) = '{"$blob":"'
union all select org_id, run_id, substr(input::text, 11, 64) from engine.journal where left(input::text, 10) = '{"$blob":"'
union all select org_id, run_id, substr(output::text, 11, 64) from engine.journal where left(output::text, 10) = '{"$blob":"'
union all select org_id, run_id, substr(output::text, 11, 64) from engine.result where left(output::text, 10) = '{"$blob":"'
union all select org_id, run_id, substr(data::text, 11, 64) from engine.log where left(data::text, 10) = '{"$blob":"'
union all select org_id, run_id, substr(payload::text, 11, 64) from engine.inbox where left(payload::text, 10) = '{"$blob":"'
union all select org_id, run_id, substr(details::text, 11, 64) from engine.progress where left(details::text, 10) = '{"$blob":"';

-- Deletes ended runs whole: journal, result, log, keys, and blobs that no other run uses. Their events stay. Returns those that it deleted; the
-- others have not ended, or do not exist, or a live parent needs them.
-- Invariant (I2): for the owner alone, like retention; orrery_engine may call it, and can change history in no other way.
create function engine.delete_runs(p_org uuid, p_runs uuid[]) returns setof uuid language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  gone uuid[];
  hashes text[];
begin
  -- A copy of a run that is being made (engine.fork) goes first.
  gone := array(
    select d.run_id from engine.deletable_view d
    where d.org_id = p_org and d.run_id = any (p_runs) and pg_try_advisory_xact_lock(hashtextextended(d.run_id::text, 8)));
  if cardinality(gone) = 0 then return; end if;
  hashes := array(select distinct u.hash from engine.blob_use u where u.org_id = p_org and u.run_id = any (gone));
  delete from engine.journal where org_id = p_org and run_id = any (gone);
  delete from engine.log where org_id = p_org and run_id = any (gone);
  delete from engine.key where org_id = p_org and run_id = any (gone);
  delete from engine.result where org_id = p_org and run_id = any (gone);
  delete from engine.run where org_id = p_org and run_id = any (gone);
  -- Who writes a row that refers to a blob holds a lock on the blob until it commits (payload.ts), so the next statement sees all such rows.
  perform from engine.blob b where b.org_id = p_org and b.hash = any (hashes) order by b.hash for update;
  delete from engine.blob b where b.org_id = p_org and b.hash = any (hashes)
    and not exists (select from engine.blob_use u where u.org_id = p_org and u.hash = b.hash);
  return query select unnest(gone);
end $$;

-- Deletes events, named by their places in the log. Returns how many there were.
create function engine.delete_events(p_org uuid, p_tx xid8[], p_ids bigint[]) returns integer language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare n integer;
begin
  delete from engine.event e using unnest(p_tx, p_ids) u(tx, id) where e.org_id = p_org and e.tx = u.tx and e.id = u.id;
  get diagnostics n = row_count;
  return n;
end $$;

revoke all on function engine.delete_runs, engine.delete_events from public;
grant execute on function engine.delete_runs, engine.delete_events to orrery_engine;

-- As before, but a run that is copied is not deleted meanwhile. False: it was deleted before.
create or replace function engine.fork(p_source uuid, p_before integer, p json, p_input json, p_edits json) returns boolean language plpgsql as $$
declare
  org uuid := (p->>'org')::uuid;
  target uuid := (p->>'run')::uuid;
  start integer;
  n integer;
begin
  perform pg_advisory_xact_lock_shared(hashtextextended(p_source::text, 8));
  if not exists (select from engine.run r where r.org_id = org and r.run_id = p_source) then return false; end if;
  if not engine.insert_run(p, p_input) then return true; end if;
  select coalesce(max(seq), 0) into start from engine.journal where org_id = org and run_id = p_source and kind = 9 and seq < p_before;
  insert into engine.journal (org_id, run_id, seq, cmd, kind, attempt, started_at, at, name, input, output, error)
  select org, target, j.seq, j.cmd, j.kind, j.attempt, j.started_at, j.at,
         -- The copy is pinned to one bundle from its beginning.
         case when j.kind = 8 then p->>'bundle' else j.name end, j.input,
         case when e.output is not null then e.output::json else j.output end,
         case when e.output is not null then null else j.error end
  from engine.journal j
  left join json_each_text(p_edits) e(cmd, output) on e.cmd = j.cmd::text and j.kind = 1 and j.seq > start
  where j.org_id = org and j.run_id = p_source and j.seq < p_before;
  get diagnostics n = row_count;
  insert into engine.live (org_id, run_id, state, priority, queue, rank, next_seq, base, deadline)
  values (org, target, 1, (p->>'priority')::smallint, p->>'queue', now() - engine.bonus((p->>'priority')::smallint), n + 1, start,
          engine.at((p->>'deadline')::float8));
  return true;
end $$;
