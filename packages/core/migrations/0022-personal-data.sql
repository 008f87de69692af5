-- What is stored about people: finding it, handing it out, erasing it; and how long an organization keeps its data.
--
-- Rows about a person are found by their columns, so that no new table is forgotten:
--   in auth, `person_id`; a table without it is searched for the address
--   in app, `email`, or `actor_type` and `actor_id`
-- The rest of app is configuration, in which an address is found and reported, but not erased.

-- Whether a text contains an address. `needles`: the ways in which it may be written, in lower case; `pattern`: one of them with its borders.
create function app.mentions(p_text text, needles text[], pattern text) returns boolean language sql immutable as $$
  select exists (select from unnest(needles) n where strpos(lower(p_text), n) > 0) and lower(p_text) ~ pattern
$$;
grant execute on function app.mentions to orrery_app, orrery_engine;

create table app.erasure (
  org_id uuid not null references app.org (org_id),
  erasure_id uuid not null,
  -- What is looked for. Null after the end.
  address text,
  payloads boolean not null,
  -- The public id of an actor.
  requested_by text not null,
  requested_at timestamptz not null,
  phase text not null check (phase in ('answers', 'runs', 'firings', 'calls', 'events', 'waiting', 'ended')),
  -- The last row that this phase has looked at.
  place text,
  -- When the next step is due. Null after the end.
  next_at timestamptz,
  runs integer not null default 0,
  events integer not null default 0,
  firings integer not null default 0,
  calls integer not null default 0,
  answers integer not null default 0,
  -- Runs deleted since the events were read.
  late integer not null default 0,
  -- Rows of configuration that mention the address, as [table, key, …]. Null: not looked for yet.
  places json,
  ended_at timestamptz,
  primary key (org_id, erasure_id),
  check ((phase = 'ended') = (ended_at is not null) and (address is null) = (ended_at is not null) and (next_at is null) = (ended_at is not null))
);
create index erasure_by_time on app.erasure (next_at) where next_at is not null;

-- Runs that mention the address: those that were deleted, and those that will be when they have ended. Until the end of the erasure.
create table app.erasure_run (
  org_id uuid not null,
  erasure_id uuid not null,
  run_id uuid not null,
  deleted boolean not null,
  primary key (org_id, erasure_id, run_id),
  foreign key (org_id, erasure_id) references app.erasure (org_id, erasure_id) on delete cascade
);

-- Null: as long as the installation keeps them.
create table app.retention (
  org_id uuid primary key references app.org (org_id),
  run_days integer check (run_days > 0),
  event_days integer check (event_days > 0),
  tool_call_days integer check (tool_call_days > 0),
  firing_days integer check (firing_days > 0),
  updated_at timestamptz not null,
  -- When old rows are next looked for.
  next_at timestamptz not null
);
create index retention_by_time on app.retention (next_at);

do $$
declare t text;
begin
  foreach t in array array['erasure', 'erasure_run', 'retention'] loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
    execute format('create policy owner on app.%I to orrery_owner using (true) with check (true)', t);
    execute format('create policy app on app.%I to orrery_app using (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', t);
    execute format('create policy engine on app.%I to orrery_engine using (true) with check (true)', t);
  end loop;
end $$;

grant select, insert on app.erasure to orrery_app;
grant select on app.erasure_run to orrery_app;
grant select, insert, update on app.retention to orrery_app;
grant select, update on app.erasure, app.retention to orrery_engine;
grant select, insert, update, delete on app.erasure_run to orrery_engine;
-- To find what mentions an address.
grant select on app.firing to orrery_engine;

-- The columns of a row that may be handed out, as JSON text to be executed over the alias t: none that holds a secret.
create function app.shown_columns(p_table oid) returns text language sql stable as $$
  select 'jsonb_build_object(' || string_agg(format('%L, t.%I', a.attname, a.attname), ', ' order by a.attnum) || ')'
  from pg_catalog.pg_attribute a
  where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped
    and a.attname not in ('org_id', 'person_id', 'body', 'identifier')
    and a.attname !~ '(token|secret|hash|key|code|password|value|credential|challenge|nonce|state|counter)'
    and a.atttypid <> 'bytea'::regtype
$$;

-- Each table of a schema that has a column: its id and its name.
create function app.tables_with(p_schema text, p_column text) returns table (id oid, name text) language sql stable as $$
  select c.oid, c.relname::text from pg_catalog.pg_class c
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = p_column and not a.attisdropped
  where c.relnamespace = p_schema::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by c.relname
$$;

-- What an organization holds about a member, besides the member itself.
create function app.records_of(p_org uuid, p_member uuid, p_address text, p_limit integer) returns table (kind text, data jsonb)
language plpgsql stable as $$
declare t record;
begin
  for t in select * from app.tables_with('app', 'org_id') loop
    if t.name <> 'member' and exists (select from app.tables_with('app', 'email') x where x.id = t.id) then
      return query execute format('select %L::text, %s from %s t where t.org_id = $1 and lower(t.email) = lower($2) limit $3',
        t.name, app.shown_columns(t.id), t.id::regclass) using p_org, p_address, p_limit;
    elsif exists (select from app.tables_with('app', 'actor_id') x join app.tables_with('app', 'actor_type') y using (id) where x.id = t.id) then
      return query execute format('select %L::text, %s from %s t where t.org_id = $1 and t.actor_type = ''member'' and t.actor_id = $2 limit $3',
        t.name, app.shown_columns(t.id), t.id::regclass) using p_org, p_member, p_limit;
    end if;
  end loop;
end $$;

-- Deletes what an organization holds about a member that was removed: the rows that `records_of` shows.
create function app.forget_member(p_org uuid, p_member uuid, p_address text) returns void language plpgsql as $$
declare t record;
begin
  for t in select * from app.tables_with('app', 'org_id') loop
    if t.name <> 'member' and exists (select from app.tables_with('app', 'email') x where x.id = t.id) then
      execute format('delete from %s t where t.org_id = $1 and lower(t.email) = lower($2)', t.id::regclass) using p_org, p_address;
    elsif exists (select from app.tables_with('app', 'actor_id') x join app.tables_with('app', 'actor_type') y using (id) where x.id = t.id) then
      execute format('delete from %s t where t.org_id = $1 and t.actor_type = ''member'' and t.actor_id = $2', t.id::regclass)
        using p_org, p_member;
    end if;
  end loop;
end $$;

-- The rows of configuration that mention an address, as [table, key, …]. Not the records that an erasure goes through itself, and not the audit
-- log, in which no address is written.
create function app.places_of(p_org uuid, needles text[], pattern text, p_limit integer) returns setof text[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  t record;
  key text;
begin
  for t in
    select * from app.tables_with('app', 'org_id') x
    where x.name not in ('audit_entry', 'audit_seal', 'audit_checkpoint', 'idempotency_key', 'idempotency_claim', 'tool_call', 'erasure', 'erasure_run')
  loop
    select string_agg(format('t.%I::text', a.attname), ', ' order by array_position(i.indkey::int2[], a.attnum)) into key
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where i.indrelid = t.id and i.indisprimary and a.attname <> 'org_id';
    return query execute format('select array[%L, %s] from %s t where t.org_id = $1 and app.mentions(t::text, $2, $3) limit $4',
      t.name, coalesce(key, 't.org_id::text'), t.id::regclass) using p_org, needles, pattern, p_limit;
  end loop;
  return query select array['bundle', b.hash] from engine.bundle b where b.org_id = p_org and app.mentions(b.code, needles, pattern) limit p_limit;
  return query select array['limit', f.name] from engine.flow_limit f where f.org_id = p_org and app.mentions(f.name, needles, pattern) limit p_limit;
end $$;

grant delete on app.invitation to orrery_app;
revoke all on function app.places_of from public;
grant execute on function app.shown_columns, app.tables_with, app.records_of, app.forget_member to orrery_app;
grant execute on function app.places_of to orrery_engine;

-- What the installation holds about a person, besides the person itself: rows of the person, and mails to the address.
create function auth.records_of(p_person uuid, p_address text, p_limit integer) returns table (kind text, data jsonb) language plpgsql stable as $$
declare t record;
begin
  for t in select * from app.tables_with('auth', 'person_id') x where has_table_privilege(x.id, 'select') loop
    return query execute format('select %L::text, %s from %s t where t.person_id = $1 limit $2', t.name, app.shown_columns(t.id), t.id::regclass)
      using p_person, p_limit;
  end loop;
  for t in select * from app.tables_with('auth', 'recipient') x where has_table_privilege(x.id, 'select') loop
    return query execute format('select %L::text, %s from %s t where lower(t.recipient) = lower($1) limit $2',
      t.name, app.shown_columns(t.id), t.id::regclass) using p_address, p_limit;
  end loop;
end $$;
grant usage on schema app to orrery_auth;
grant execute on function auth.records_of, app.shown_columns, app.tables_with to orrery_auth;

-- Deletes a person that is a member of no organization, with all that refers to it or mentions its address. Returns `deleted`, or why not:
-- `member`, `last_administrator` of the installation, `unknown`.
create function auth.delete_person(p_person uuid, needles text[], pattern text) returns text language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  administers boolean;
  t record;
begin
  -- One at a time, so that two administrators cannot leave together.
  perform pg_advisory_xact_lock(hashtext('orrery delete person'));
  select p.administers_installation into administers from auth.person p where p.id = p_person;
  if not found then return 'unknown'; end if;
  if exists (select from app.member m where m.person_id = p_person) then return 'member'; end if;
  if administers and not exists (select from auth.person p where p.administers_installation and p.id <> p_person) then
    return 'last_administrator';
  end if;
  for t in
    select c.oid as id from pg_class c where c.relnamespace = 'auth'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'person'
      and not exists (select from app.tables_with('auth', 'person_id') x where x.id = c.oid)
  loop
    execute format('delete from %s t where app.mentions(t::text, $1, $2)', t.id::regclass) using needles, pattern;
  end loop;
  delete from auth.person p where p.id = p_person;
  return 'deleted';
end $$;
revoke all on function auth.delete_person from public;
grant execute on function auth.delete_person to orrery_app;
