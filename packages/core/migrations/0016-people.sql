-- People of the installation, and what they are in each organization.
--
-- A person logs in and may be a member of several organizations, so people belong to none. Their schema is closed to the roles that serve
-- organizations. A further setting of a transaction opens more of `app`, and only code of `access` sets it:
--   app.person_id   the person who logs in, so that the organizations of that person can be found

create schema auth;
grant usage on schema auth to orrery_auth;

-- The tables of the login library (Better Auth 1.7), with our names.
create table auth.person (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  email text not null unique,
  email_verified boolean not null,
  image text,
  -- May create and list organizations.
  administers_installation boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table auth.login (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references auth.person (id) on delete cascade,
  -- What the browser keeps is this with a signature, so that a copy of the table opens nothing.
  token text not null unique,
  -- The organization that was used last with this login.
  last_org uuid,
  -- When the person last proved who they are.
  proved_at timestamptz not null default now(),
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null,
  ip_address text,
  user_agent text
);
create index login_by_person on auth.login (person_id);

-- Accounts elsewhere that a person has connected.
create table auth.account (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references auth.person (id) on delete cascade,
  provider_id text not null,
  account_id text not null,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  -- Always null: there are no passwords.
  password text check (password is null),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null,
  unique (provider_id, account_id)
);
create index account_by_person on auth.account (person_id);

-- Links and challenges that are good once.
create table auth.verification (
  id uuid primary key default gen_random_uuid(),
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index verification_by_identifier on auth.verification (identifier);
create index verification_by_age on auth.verification (expires_at);

create table auth.passkey (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references auth.person (id) on delete cascade,
  name text,
  public_key text not null,
  credential_id text not null unique,
  counter integer not null,
  device_type text not null,
  backed_up boolean not null,
  transports text,
  aaguid text,
  created_at timestamptz
);
create index passkey_by_person on auth.passkey (person_id);

grant select, insert, update, delete on auth.person, auth.login, auth.account, auth.verification, auth.passkey to orrery_auth;

-- The links that starts print while there is no person. Opening one makes the first.
create table auth.setup (
  hash bytea primary key,
  expires_at timestamptz not null
);
grant select, insert, delete on auth.setup to orrery_auth;

-- Makes the first person of the installation. False: the link is not good, or there is a person already.
create function auth.make_first_person(link_hash bytea, link_at timestamptz, person_id uuid, person_name text, person_email text)
returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- One at a time.
  lock table auth.setup in exclusive mode;
  if exists (select from auth.person) or not exists (select from auth.setup where hash = link_hash and expires_at > link_at) then
    return false;
  end if;
  delete from auth.setup;
  insert into auth.person (id, name, email, email_verified, administers_installation)
  values (person_id, person_name, person_email, true, true);
  return true;
end $$;
revoke all on function auth.make_first_person from public;
grant usage on schema auth to orrery_app;
grant execute on function auth.make_first_person to orrery_app;

create table app.member (
  org_id uuid not null references app.org (org_id),
  member_id uuid not null,
  -- A row of auth.person. Not a foreign key: keys begin with the organization, and people have none.
  person_id uuid not null,
  -- The organization's record of the person. It stays when it is what others must be able to read, such as who decided.
  name text not null,
  email text not null,
  role text not null,
  joined_at timestamptz not null,
  suspended_at timestamptz,
  primary key (org_id, member_id),
  unique (org_id, person_id)
);
create index member_by_person on app.member (person_id);

alter table app.member enable row level security;
alter table app.member force row level security;
create policy owner on app.member to orrery_owner using (true) with check (true);
create policy app on app.member to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
create policy by_person on app.member for select to orrery_app
  using (person_id = nullif(current_setting('app.person_id', true), '')::uuid);

grant select, insert, update (name, email, role, suspended_at), delete on app.member to orrery_app;
