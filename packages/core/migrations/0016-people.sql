-- People of the installation, and what they are in each organization.
--
-- A person logs in and may be a member of several organizations, so people belong to none. Their schema is closed to the roles that serve
-- organizations. A further setting of a transaction opens more of `app`, and only code of `access` sets it:
--   app.person_id   the person who logs in, so that the organizations of that person can be found

create schema auth;

-- The model `user` of the login library.
create table auth.person (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  email text not null unique,
  email_verified boolean not null default false,
  image text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

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
