-- Logins with short tokens. A login begins with an API key and is carried on by refreshing. The tokens themselves are signed, not stored:
-- a row says which of the refresh tokens of a login is the good one, and whether the login has ended.

create table app.login (
  org_id uuid not null,
  login_id uuid not null,
  key_id uuid not null,
  -- Number of the refresh token that is good now. An older one that is shown again has been copied.
  generation integer not null default 1 check (generation > 0),
  -- Whose contract its tokens speak at addresses that two share; null: ours.
  contract text,
  created_at timestamptz not null,
  -- When its newest refresh token expires.
  expires_at timestamptz not null,
  revoked_at timestamptz,
  primary key (org_id, login_id),
  foreign key (org_id, key_id) references app.api_key (org_id, key_id)
);

create index login_by_key on app.login (org_id, key_id);
create index login_by_age on app.login (expires_at);

alter table app.login enable row level security;
alter table app.login force row level security;
create policy owner on app.login to orrery_owner using (true) with check (true);
create policy app on app.login to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
create policy housekeeping on app.login to orrery_engine using (true);

grant select, insert, update (generation, expires_at, revoked_at) on app.login to orrery_app;
-- Update, because rows are locked before they are deleted.
grant select, update, delete on app.login to orrery_engine;
