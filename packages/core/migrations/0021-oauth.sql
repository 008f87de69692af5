-- OAuth: programs that act for a person, with what the person allowed them in one organization.
--
-- The tables are those of the login library (its OAuth provider, 1.7), with our names.

create table auth.oauth_client (
  id uuid primary key default gen_random_uuid(),
  -- A random text, or the URL of the client's metadata document.
  client_id text not null unique,
  -- SHA-256. Null: the client is public, or proves itself by a key.
  client_secret text,
  -- By what the metadata was found; null: the client registered itself.
  discovered_by text,
  disabled boolean,
  skip_consent boolean check (skip_consent is not true),
  enable_end_session boolean,
  subject_type text,
  scopes jsonb,
  client_credentials_scopes jsonb,
  person_id uuid references auth.person (id) on delete cascade,
  reference_id text,
  name text,
  uri text,
  icon text,
  contacts jsonb,
  tos text,
  policy text,
  software_id text,
  software_version text,
  software_statement text,
  redirect_uris jsonb not null,
  post_logout_redirect_uris jsonb,
  -- Always null: the server would send requests to an address that a stranger chose.
  backchannel_logout_uri text check (backchannel_logout_uri is null),
  backchannel_logout_session_required boolean,
  token_endpoint_auth_method text,
  application_type text,
  jwks text,
  -- Always null, for the same reason.
  jwks_uri text check (jwks_uri is null),
  grant_types jsonb,
  response_types jsonb,
  require_pkce boolean check (require_pkce is not false),
  dpop_bound_access_tokens boolean,
  metadata jsonb,
  created_at timestamptz,
  updated_at timestamptz
);
create index oauth_client_by_age on auth.oauth_client (created_at);
create index oauth_client_by_person on auth.oauth_client (person_id);

create table auth.oauth_resource (
  id uuid primary key default gen_random_uuid(),
  identifier text not null unique,
  name text not null,
  access_token_ttl integer,
  refresh_token_ttl integer,
  signing_algorithm text,
  signing_key_id text,
  allowed_scopes jsonb,
  custom_claims jsonb,
  dpop_bound_access_tokens_required boolean,
  disabled boolean,
  policy_version integer,
  metadata jsonb,
  created_at timestamptz,
  updated_at timestamptz
);

create table auth.oauth_client_resource (
  id uuid primary key default gen_random_uuid(),
  client_id text not null references auth.oauth_client (client_id) on delete cascade,
  resource_id text not null references auth.oauth_resource (identifier) on delete cascade,
  metadata jsonb,
  created_at timestamptz,
  unique (client_id, resource_id)
);
create index oauth_client_resource_by_resource on auth.oauth_client_resource (resource_id);

-- What a person allowed a client in an organization. Without it no token of that client is good there.
create table auth.oauth_consent (
  id uuid primary key default gen_random_uuid(),
  client_id text not null references auth.oauth_client (client_id) on delete cascade,
  person_id uuid not null references auth.person (id) on delete cascade,
  in_org uuid not null,
  resources jsonb,
  requested_claims jsonb,
  scopes jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (person_id, client_id, in_org)
);
create index oauth_consent_by_client on auth.oauth_consent (client_id);

-- Deleted with the login in which the client was allowed.
create table auth.oauth_refresh_token (
  id uuid primary key default gen_random_uuid(),
  -- SHA-256.
  token text not null unique,
  client_id text not null references auth.oauth_client (client_id) on delete cascade,
  login_id uuid references auth.login (id) on delete cascade,
  person_id uuid not null references auth.person (id) on delete cascade,
  in_org uuid not null,
  -- SHA-256 of the code with which the client began. Its access tokens name it, too.
  grant_id text,
  resources jsonb,
  requested_claims jsonb,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  revoked timestamptz,
  -- Replaced by the next one.
  rotated_at timestamptz,
  rotation_replay_response text,
  rotation_replay_expires_at timestamptz,
  auth_time timestamptz,
  confirmation jsonb,
  scopes jsonb not null
);
create index oauth_refresh_token_by_grant on auth.oauth_refresh_token (grant_id);
create index oauth_refresh_token_by_person on auth.oauth_refresh_token (person_id, client_id);
create index oauth_refresh_token_by_client on auth.oauth_refresh_token (client_id);
create index oauth_refresh_token_by_login on auth.oauth_refresh_token (login_id);
create index oauth_refresh_token_by_age on auth.oauth_refresh_token (expires_at);

-- Empty: access tokens are signed, and bound to this server.
create table auth.oauth_access_token (
  id uuid primary key default gen_random_uuid(),
  token text not null unique,
  client_id text not null references auth.oauth_client (client_id) on delete cascade,
  login_id uuid references auth.login (id) on delete cascade,
  person_id uuid references auth.person (id) on delete cascade,
  in_org uuid,
  grant_id text,
  refresh_id uuid references auth.oauth_refresh_token (id) on delete cascade,
  resources jsonb,
  requested_claims jsonb,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  revoked timestamptz,
  confirmation jsonb,
  scopes jsonb not null
);
create index oauth_access_token_by_grant on auth.oauth_access_token (grant_id);
create index oauth_access_token_by_refresh on auth.oauth_access_token (refresh_id);
create index oauth_access_token_by_client on auth.oauth_access_token (client_id);
create index oauth_access_token_by_login on auth.oauth_access_token (login_id);
create index oauth_access_token_by_person on auth.oauth_access_token (person_id);

-- Proofs of clients with keys, each good once.
create table auth.oauth_client_assertion (
  id uuid primary key default gen_random_uuid(),
  expires_at timestamptz not null
);
create index oauth_client_assertion_by_age on auth.oauth_client_assertion (expires_at);

grant select, insert, update, delete on
  auth.oauth_client, auth.oauth_resource, auth.oauth_client_resource, auth.oauth_consent, auth.oauth_refresh_token,
  auth.oauth_access_token, auth.oauth_client_assertion
to orrery_auth;

-- Deletes a consent of a person, and all tokens that it allowed, in the transaction of the call that withdraws it. No row: there is no such consent.
create function auth.withdraw_consent(p_person uuid, p_consent uuid)
returns table (id uuid, in_org uuid, scopes jsonb, created_at timestamptz, updated_at timestamptz, client_id text, name text, uri text, discovered_by text)
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with gone as (delete from auth.oauth_consent o where o.id = p_consent and o.person_id = p_person returning o.*),
  tokens as (delete from auth.oauth_refresh_token t using gone
             where t.client_id = gone.client_id and t.person_id = gone.person_id and t.in_org = gone.in_org)
  select gone.id, gone.in_org, gone.scopes, gone.created_at, gone.updated_at, c.client_id, c.name, c.uri, c.discovered_by
  from gone join auth.oauth_client c on c.client_id = gone.client_id
$$;
revoke all on function auth.withdraw_consent from public;
grant execute on function auth.withdraw_consent to orrery_app;
