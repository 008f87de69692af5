-- A child that would be left behind: its start was on its way while its parent ended.

-- Fails the start of a child whose parent has ended (OR002), or which needs a limit that the runs that wait for it hold (OR001, with the limit
-- and the holder in the detail). The lock makes the end of the parent wait for this start, so that it sees the child. Limits come before it, as in
-- everything that ends runs.
create or replace function engine.require_start(p_org uuid, p_run uuid) returns void language plpgsql as $$
declare
  parent uuid := (select r.parent_run from engine.run r where r.org_id = p_org and r.run_id = p_run and r.parent_close > 0);
  holder uuid := engine.held_by_ancestor(p_org, p_run);
begin
  if parent is not null then
    perform from engine.live l where l.org_id = p_org and l.run_id = parent for key share;
    if not found then raise exception 'the parent of run % has ended', p_run using errcode = 'OR002'; end if;
  end if;
  if holder is not null then
    raise exception 'a run that waits for this one holds its limit' using errcode = 'OR001',
      detail = (select json_build_object('limit', l.gate, 'holder', holder) from engine.live l where l.org_id = p_org and l.run_id = p_run);
  end if;
end $$;
