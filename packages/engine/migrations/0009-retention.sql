-- What is not in a dropped partition and has served its time. Returns how many rows went, by table.
create function engine.sweep(p_now timestamptz, retention_days integer) returns table (name text, rows bigint) language plpgsql as $$
declare
  horizon timestamptz;
begin
  name := 'key';
  delete from engine.key k where k.expires_at < p_now - interval '1 day'
    and not exists (select from engine.live l where l.org_id = k.org_id and l.run_id = k.run_id);
  get diagnostics rows = row_count; return next;

  name := 'worker';
  delete from engine.worker w where w.fenced and w.fenced_at < p_now - interval '7 days'
    and not exists (select from engine.live l where l.worker = w.worker_id);
  get diagnostics rows = row_count; return next;

  -- A limit that nobody uses; the next start makes it again.
  name := 'flow_limit';
  delete from engine.flow_limit f using (
    select x.org_id, x.name from engine.flow_limit x
    where x.running = 0 and x.override is null and coalesce(x.tat, '-infinity') < p_now - interval '1 day'
      and not exists (select from engine.hold h where h.org_id = x.org_id and h.name = x.name)
    for update skip locked
  ) d where f.org_id = d.org_id and f.name = d.name and f.running = 0;
  get diagnostics rows = row_count; return next;

  -- A payload is referred to by rows of runs that were created before it was last written; so none is left once their partitions are gone.
  if retention_days is not null then
    select coalesce(min(w.week), p_now) into horizon from engine.partition_weeks('run') w;
    name := 'blob';
    delete from engine.blob b where b.at < least(horizon, p_now - make_interval(days => retention_days))
      and not exists (select from engine.run_default);
    get diagnostics rows = row_count; return next;
  end if;
end $$;
