-- Organizations, their keys, and the answers kept for idempotency keys.
--
-- An org sees itself alone. Two settings of a transaction open more, and only database.ts sets them:
--   app.key_hash   whoever knows the hash of a secret may see the key it belongs to (that is how a key is authenticated)
--   app.all_orgs   'on' for the operations that make and list organizations

create schema app;
grant usage on schema app to orrery_app, orrery_engine;

create table app.org (
  org_id uuid primary key,
  -- Unique in the installation: only those who may see all organizations can give names.
  name text not null unique,
  created_at timestamptz not null
);

create table app.api_key (
  org_id uuid not null references app.org (org_id),
  key_id uuid not null,
  name text not null,
  prefix text not null,
  -- SHA-256 of a secret of 256 random bits, so that no salt and no slow hash are needed.
  hash bytea not null,
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (org_id, key_id)
);
create index api_key_by_hash on app.api_key (hash);

create table app.idempotency_key (
  org_id uuid not null references app.org (org_id),
  key text not null,
  -- SHA-256 of the operation and its input.
  fingerprint bytea not null,
  answer json not null,
  at timestamptz not null,
  primary key (org_id, key)
);
create index idempotency_key_by_age on app.idempotency_key (at);

do $$
declare t text;
begin
  foreach t in array array['org', 'api_key', 'idempotency_key'] loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
    execute format('create policy owner on app.%I to orrery_owner using (true) with check (true)', t);
    execute format('create policy app on app.%I to orrery_app using (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', t);
  end loop;
end $$;

create policy installation on app.org to orrery_app using (current_setting('app.all_orgs', true) = 'on');
create policy first_key on app.api_key for insert to orrery_app with check (current_setting('app.all_orgs', true) = 'on');
create policy by_secret on app.api_key for select to orrery_app
  using (hash = decode(nullif(current_setting('app.key_hash', true), ''), 'hex'));
create policy housekeeping on app.idempotency_key to orrery_engine using (true);

grant select, insert on app.org to orrery_app;
grant select, insert, update (last_used_at, revoked_at) on app.api_key to orrery_app;
grant select, insert, delete on app.idempotency_key to orrery_app;
-- Update, because rows are locked before they are deleted.
grant select, update, delete on app.idempotency_key to orrery_engine;
