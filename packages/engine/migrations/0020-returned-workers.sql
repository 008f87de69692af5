-- As before; a run that waits because of the loss of this worker continues too. Only the loss of a worker leaves `lost_by` with a waiting run.
create or replace function engine.retire(p_worker uuid) returns integer language plpgsql as $$
begin
  -- Waits for a flush in progress, which holds a key-share lock on this row. Invariant (I5): after this none can follow.
  perform from engine.worker where worker_id = p_worker for update;
  update engine.worker set fenced = true, fenced_at = now() where worker_id = p_worker and not fenced;
  update engine.live l set lost_by = c.lost, crashes = cardinality(c.lost),
    state = case when c.continues then 1 else l.state end,
    at = case when c.continues then null else l.at end,
    reason = case when c.continues then null else l.reason end,
    rank = case when c.continues then now() - engine.bonus(l.priority) else l.rank end
  from (
    select x.org_id, x.run_id, array_remove(x.lost_by, p_worker) as lost,
      case x.state
        when 3 then x.lost_by[cardinality(x.lost_by)] = p_worker
        when 6 then cardinality(x.lost_by) > engine.losses_max() and cardinality(array_remove(x.lost_by, p_worker)) <= engine.losses_max()
        else false end as continues
    from engine.live x where x.lost_by @> array[p_worker] and x.lost_by <> '{}' for update) c
  where l.org_id = c.org_id and l.run_id = c.run_id;
  return engine.hand_over(p_worker, false);
end $$;
