-- Mails that wait to be sent, and invitations of people to organizations.
--
-- Mails are addressed to people, who have no organization, so they are in the closed schema. Code that serves organizations adds mails, in the
-- transaction of what they are about, and can do nothing else there.
-- A further setting of a transaction opens more of `app`:
--   app.invitation_hash   the hash of the secret in a link, which opens the invitation it belongs to

create table auth.mail (
  id uuid primary key,
  recipient text not null,
  subject text not null,
  -- Sealed, because it contains links that log in. Null after the end: sent, refused or expired.
  body text,
  queued_at timestamptz not null,
  -- The next attempt. Null after the end.
  next_at timestamptz,
  expires_at timestamptz not null,
  attempts integer not null default 0,
  sent_at timestamptz,
  -- Why the last attempt failed.
  last_error text,
  check ((body is null) = (next_at is null)),
  check (sent_at is null or body is null)
);
create index mail_by_time on auth.mail (next_at) where next_at is not null;
create index mail_by_age on auth.mail (expires_at);

grant select, update, delete on auth.mail to orrery_auth;
grant usage on schema auth to orrery_app;
grant insert on auth.mail to orrery_app;

create table app.invitation (
  org_id uuid not null references app.org (org_id),
  invitation_id uuid not null,
  email text not null,
  name text,
  role text not null,
  -- SHA-256 of the secret in the link.
  hash bytea not null,
  -- The mail with the current link, a row of auth.mail until it is removed there.
  mail_id uuid not null,
  -- The public id of an actor.
  invited_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz,
  primary key (org_id, invitation_id),
  check (accepted_at is null or revoked_at is null)
);
create index invitation_by_secret on app.invitation (hash);
-- One open invitation for an address. One that has expired is revoked when the address is invited again.
create unique index invitation_open on app.invitation (org_id, lower(email)) where accepted_at is null and revoked_at is null;

alter table app.invitation enable row level security;
alter table app.invitation force row level security;
create policy owner on app.invitation to orrery_owner using (true) with check (true);
create policy app on app.invitation to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
create policy by_secret on app.invitation for select to orrery_app
  using (hash = decode(nullif(current_setting('app.invitation_hash', true), ''), 'hex'));

grant select, insert, update (hash, mail_id, expires_at, accepted_at, revoked_at) on app.invitation to orrery_app;
