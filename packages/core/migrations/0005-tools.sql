-- Tools of organizations, every definition they had, and a trace of each call.

create table app.tool (
  org_id uuid not null references app.org (org_id),
  -- Compared by code units, as lists are merged with the built-in tools.
  name text collate "C" not null,
  kind text not null,
  description text not null,
  -- The newest in app.tool_version.
  version integer not null check (version > 0),
  definition json not null,
  -- Hash of the definition that was accepted from an MCP server.
  pin text check (pin ~ '^[0-9a-f]{64}$'),
  status text not null default 'ready' check (status in ('ready', 'changed', 'refused', 'missing')),
  -- What the server says now, when that is not what was accepted.
  offer json,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (org_id, name),
  -- Only what comes from a server can differ from what was accepted.
  check (status = 'ready' or pin is not null),
  check ((offer is not null) = (status in ('changed', 'refused')))
);

alter table app.tool enable row level security;
alter table app.tool force row level security;
create policy owner on app.tool to orrery_owner using (true) with check (true);
create policy app on app.tool to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
grant select, insert, delete, update (kind, description, version, definition, pin, status, offer, updated_at) on app.tool to orrery_app;

-- Kept when the tool is deleted: a call names the version it used, and a new tool of that name goes on counting.
create table app.tool_version (
  org_id uuid not null references app.org (org_id),
  name text collate "C" not null,
  version integer not null check (version > 0),
  definition json not null,
  created_at timestamptz not null,
  primary key (org_id, name, version)
);

alter table app.tool_version enable row level security;
alter table app.tool_version force row level security;
create policy owner on app.tool_version to orrery_owner using (true) with check (true);
create policy app on app.tool_version to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
grant select, insert on app.tool_version to orrery_app;

-- Neither arguments nor results: the journal of the run has them.
create table app.tool_call (
  org_id uuid not null references app.org (org_id),
  call_id uuid not null,
  tool text collate "C" not null,
  -- Null: a built-in tool.
  tool_version integer,
  kind text not null,
  -- Null: called by hand.
  run_id uuid,
  step text not null,
  attempt integer not null check (attempt > 0),
  outcome text not null check (outcome in ('succeeded', 'failed', 'stopped')),
  error json,
  started_at timestamptz not null,
  took_ms integer not null check (took_ms >= 0),
  input_tokens bigint,
  output_tokens bigint,
  -- In US dollars.
  cost double precision,
  model text,
  primary key (org_id, call_id)
);
create index tool_call_of_tool on app.tool_call (org_id, tool, call_id);
create index tool_call_of_run on app.tool_call (org_id, run_id, call_id) where run_id is not null;
-- For sweeping. Rows come in the order of time, so a few pages of it tell where the old ones lie.
create index tool_call_by_time on app.tool_call using brin (started_at);

alter table app.tool_call enable row level security;
alter table app.tool_call force row level security;
create policy owner on app.tool_call to orrery_owner using (true) with check (true);
create policy app on app.tool_call to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
create policy sweeping on app.tool_call to orrery_engine using (true);
grant select on app.tool_call to orrery_app;
-- Traces of calls of all organizations share commits.
grant select, insert, delete on app.tool_call to orrery_engine;

-- Keys of calls that reach outside and have not ended: no transaction stays open while they wait. What is still here after a crash was
-- perhaps done and perhaps not, so nobody repeats it under this key.
create table app.idempotency_claim (
  org_id uuid not null references app.org (org_id),
  key text not null,
  fingerprint bytea not null,
  at timestamptz not null,
  primary key (org_id, key)
);

alter table app.idempotency_claim enable row level security;
alter table app.idempotency_claim force row level security;
create policy owner on app.idempotency_claim to orrery_owner using (true) with check (true);
create policy app on app.idempotency_claim to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
create policy housekeeping on app.idempotency_claim to orrery_engine using (true);
grant select, insert, delete on app.idempotency_claim to orrery_app;
grant select, update, delete on app.idempotency_claim to orrery_engine;
