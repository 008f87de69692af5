-- Weekly partitions. A default partition catches what falls outside, so that a late maintenance never refuses a write.

create function engine.uuid_at(at timestamptz) returns uuid language sql immutable as
$$ select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

create function engine.uuid7() returns uuid language sql volatile as
$$ select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7' ||
           substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid $$;

create function engine.week_of(at timestamptz) returns timestamptz language sql immutable as
$$ select date_trunc('week', at at time zone 'UTC') at time zone 'UTC' $$;

-- Row-level security of a partition: reached through its parent only, whose policies then apply.
create function engine.close_partition(partition text) returns void language plpgsql as $$
begin
  execute format('alter table engine.%I enable row level security', partition);
  execute format('alter table engine.%I force row level security', partition);
  execute format('create policy owner on engine.%I to orrery_owner using (true) with check (true)', partition);
end $$;

create function engine.add_default_partition(parent text) returns void language plpgsql as $$
begin
  execute format('create table engine.%I partition of engine.%I default', parent || '_default', parent);
  perform engine.close_partition(parent || '_default');
end $$;

-- Makes the partition of a week, moving into it what the default partition caught of that week. False if it is there already.
create function engine.add_partition(parent text, week timestamptz) returns boolean language plpgsql as $$
declare
  part text := parent || '_' || to_char(week at time zone 'UTC', 'YYYYMMDD');
  key text := case parent when 'event' then 'at' else 'run_id' end;
  lower text := case parent when 'event' then week::text else engine.uuid_at(week)::text end;
  upper text := case parent when 'event' then (week + interval '7 days')::text else engine.uuid_at(week + interval '7 days')::text end;
begin
  if to_regclass(format('engine.%I', part)) is not null then return false; end if;
  execute format('create table engine.%I (like engine.%I including defaults)', part, parent);
  execute format('with moved as (delete from engine.%1$I where %2$I >= %3$L and %2$I < %4$L returning *) insert into engine.%5$I select * from moved',
                 parent || '_default', key, lower, upper, part);
  execute format('alter table engine.%I attach partition engine.%I for values from (%L) to (%L)', parent, part, lower, upper);
  perform engine.close_partition(part);
  return true;
end $$;

-- Weeks a parent has partitions for, oldest first.
create function engine.partition_weeks(parent text) returns table (part text, week timestamptz) language sql stable as $$
  select c.relname::text, to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC'
  from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
  where i.inhparent = to_regclass(format('engine.%I', parent)) and c.relname ~ '_[0-9]{8}$'
  order by 2
$$;

-- Creates the coming weeks and drops those past retention that no unfinished run needs (null keeps all). Returns what it did.
create function engine.maintain_partitions(p_now timestamptz, retention_days integer) returns table (action text, part text) language plpgsql as $$
declare
  parent text;
  w timestamptz;
  p record;
  horizon timestamptz := p_now - make_interval(days => retention_days);
begin
  perform pg_advisory_xact_lock(hashtext('orrery engine partitions'));
  foreach parent in array array['run', 'journal', 'result', 'log', 'event'] loop
    for w in select generate_series(engine.week_of(p_now) - interval '7 days', engine.week_of(p_now) + interval '28 days', interval '7 days') loop
      if engine.add_partition(parent, w) then
        action := 'created'; part := parent || '_' || to_char(w at time zone 'UTC', 'YYYYMMDD'); return next;
      end if;
    end loop;
    continue when retention_days is null;
    for p in select * from engine.partition_weeks(parent) x where x.week + interval '7 days' <= horizon loop
      continue when parent <> 'event' and exists (
        select from engine.live l where l.run_id >= engine.uuid_at(p.week) and l.run_id < engine.uuid_at(p.week + interval '7 days'));
      execute format('drop table engine.%I', p.part);
      action := 'dropped'; part := p.part; return next;
    end loop;
  end loop;
end $$;

select engine.add_default_partition(parent) from unnest(array['run', 'journal', 'result', 'log', 'event']) parent;
select engine.maintain_partitions(now(), null);
