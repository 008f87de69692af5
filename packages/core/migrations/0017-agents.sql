-- Agents: programs that act under their own names, the credentials they log in with, and token families of both keys and credentials.

create table app.agent (
  org_id uuid not null references app.org (org_id),
  agent_id uuid not null,
  name text not null,
  description text not null,
  scopes text[] not null,
  created_at timestamptz not null,
  suspended_at timestamptz,
  last_seen_at timestamptz,
  primary key (org_id, agent_id),
  constraint agent_name unique (org_id, name)
);

create table app.credential (
  org_id uuid not null,
  credential_id uuid not null,
  agent_id uuid not null,
  name text not null,
  prefix text not null,
  -- SHA-256 of a secret of 256 random bits, as of a key.
  hash bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (org_id, credential_id),
  foreign key (org_id, agent_id) references app.agent (org_id, agent_id) on delete cascade
);
create index credential_by_agent on app.credential (org_id, agent_id, credential_id);
create index credential_by_hash on app.credential (hash);

do $$
declare t text;
begin
  foreach t in array array['agent', 'credential'] loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
    execute format('create policy owner on app.%I to orrery_owner using (true) with check (true)', t);
    execute format('create policy app on app.%I to orrery_app using (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', t);
  end loop;
end $$;

-- A transaction that knows the hash of a secret may see its credential, as with keys (0001).
create policy by_secret on app.credential for select to orrery_app
  using (hash = decode(nullif(current_setting('app.key_hash', true), ''), 'hex'));

grant select, insert, update (name, description, scopes, suspended_at, last_seen_at), delete on app.agent to orrery_app;
grant select, insert, update (last_used_at, revoked_at) on app.credential to orrery_app;

-- A token family belongs to a key or to a credential.
alter table app.token_family alter column key_id drop not null;
alter table app.token_family add column credential_id uuid;
alter table app.token_family add constraint token_family_owner check (num_nonnulls(key_id, credential_id) = 1);
alter table app.token_family
  add foreign key (org_id, credential_id) references app.credential (org_id, credential_id) on delete cascade;
create index token_family_by_credential on app.token_family (org_id, credential_id) where credential_id is not null;
