-- The audit log. Entries are written with the change they tell of; the sealer (role orrery_engine) numbers and chains them
-- afterwards, in commit order. Chaining inside the transaction would hold a lock on the head of the chain to its end.

create table app.audit_entry (
  org_id uuid not null,
  id uuid not null,
  -- With the id, the order in which the sealer takes entries; it stops below the oldest transaction in progress.
  tx xid8 not null default pg_current_xact_id(),
  at timestamptz not null,
  actor_type text not null,
  actor text not null,
  action text not null,
  subject text not null,
  input_digest text not null,
  detail json,
  request_id text not null,
  primary key (org_id, id)
);
create index audit_entry_in_order on app.audit_entry (tx, id);

create table app.audit_seal (
  org_id uuid not null,
  -- 1, 2, 3 … without gaps.
  seq bigint not null check (seq > 0),
  entry_id uuid not null,
  previous bytea not null,
  hash bytea not null,
  primary key (org_id, seq),
  unique (org_id, entry_id),
  foreign key (org_id, entry_id) references app.audit_entry (org_id, id)
);

create table app.audit_checkpoint (
  org_id uuid not null,
  seq bigint not null,
  hash bytea not null,
  at timestamptz not null,
  key_id text not null,
  -- Ed25519.
  signature bytea not null,
  primary key (org_id, seq),
  foreign key (org_id, seq) references app.audit_seal (org_id, seq)
);

-- How far the sealer is, over all organizations: one row.
create table app.audit_position (
  one boolean primary key default true check (one),
  tx xid8 not null,
  id uuid not null
);
insert into app.audit_position (tx, id) values ('0', '00000000-0000-0000-0000-000000000000');

do $$
declare t text;
begin
  foreach t in array array['audit_entry', 'audit_seal', 'audit_checkpoint'] loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
    execute format('create policy owner on app.%I to orrery_owner using (true) with check (true)', t);
    execute format('create policy engine on app.%I to orrery_engine using (true) with check (true)', t);
    execute format('create policy app on app.%I to orrery_app using (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', t);
  end loop;
end $$;

-- Insert-only for everybody; only the sealer writes seals.
grant select, insert on app.audit_entry to orrery_app, orrery_engine;
grant select on app.audit_seal, app.audit_checkpoint to orrery_app;
grant select, insert on app.audit_seal, app.audit_checkpoint to orrery_engine;
grant select, update on app.audit_position to orrery_engine;
-- The sealer signs org by org.
grant select on app.org to orrery_engine;
create policy sealing on app.org for select to orrery_engine using (true);

create function app.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is insert-only', tg_table_name using errcode = '42501';
end $$;

create trigger insert_only before update or delete or truncate on app.audit_entry for each statement execute function app.refuse_change();
create trigger insert_only before update or delete or truncate on app.audit_seal for each statement execute function app.refuse_change();
create trigger insert_only before update or delete or truncate on app.audit_checkpoint for each statement execute function app.refuse_change();
