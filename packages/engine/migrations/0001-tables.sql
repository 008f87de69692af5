-- The engine's tables. Run, journal, result and log are append-only and partitioned by the time in the run's id (UUID v7);
-- `live` holds one narrow row per unfinished run and is the only table that churns.
--
-- Codes (codes.ts):  priority  0 low, 1 normal, 2 high, 3 urgent
--   live.state       1 ready, 2 running, 3 waiting, 4 gated, 5 paused, 6 blocked
--   result.status    1 succeeded, 2 failed, 3 cancelled, 4 timed_out
--   journal.kind     1 step, 2 sleep, 3 signal, 4 child, 5 cancel, 6 attempt, 7 patch, 8 version, 9 generation
--   inbox.kind       1 signal, 2 child, 3 cancel       key.kind  1 dedupe, 2 debounce
--   hold.on_full     0 queue, 1 cancel_in_progress, 2 cancel_newest

create schema engine;

create table engine.worker (
  worker_id uuid primary key default gen_random_uuid(),
  host text not null,
  pid integer not null,
  version text not null,
  queues text[] not null,
  slots integer not null,
  steps text[] not null,
  orgs uuid[],
  started_at timestamptz not null default now(),
  beat_at timestamptz not null default now(),
  fenced_at timestamptz,
  fenced boolean not null default false
) with (fillfactor = 50);

create table engine.run (
  org_id uuid not null,
  run_id uuid not null,
  workflow text not null,
  bundle text not null,
  queue text not null,
  priority smallint not null,
  input json,
  tags text[] not null,
  created_at timestamptz not null,
  parent_run uuid,
  parent_cmd integer,
  origin_kind text,
  origin_run uuid,
  origin_seq integer,
  seed text not null,
  keys text not null,
  clock_at timestamptz not null,
  deadline timestamptz
) partition by range (run_id);
-- The primary key comes last: of indexes that look equally good, as all do on an empty partition, the planner takes the youngest.
create index run_by_workflow on engine.run (org_id, workflow, run_id);
alter table engine.run add primary key (org_id, run_id);

create table engine.live (
  org_id uuid not null,
  run_id uuid not null,
  worker uuid,
  -- When ready: the time of readiness less the bonus of its priority. Waiting the longest wins, so every run gets its turn.
  rank timestamptz not null,
  -- When waiting: wake no later than this. When gated: not to be admitted before this.
  at timestamptz,
  wakes integer not null default 0,
  next_seq integer not null default 1,
  base integer not null default 0,
  state smallint not null,
  priority smallint not null,
  crashes smallint not null default 0,
  -- A worker has had it: its input may no longer change.
  begun boolean not null default false,
  holds boolean not null default false,
  pause boolean not null default false,
  queue text not null,
  gate text,
  -- Null: the bundle of the run row; set when the run was moved to another.
  bundle text,
  reason text,
  waits json,
  primary key (org_id, run_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.05);
create index live_ready on engine.live (queue, org_id, rank) where state = 1;
create index live_timer on engine.live (queue, at) where state = 3 and at is not null;
create index live_gated on engine.live (org_id, gate, rank) where state = 4;
create index live_gated_timer on engine.live (queue, at) where state = 4 and at is not null;
-- Nearly always empty; the beat looks here for runs of its worker that got a message.
create index live_poked on engine.live (worker) where state = 2 and wakes > 0;

create table engine.journal (
  org_id uuid not null,
  run_id uuid not null,
  seq integer not null,
  cmd integer not null,
  kind smallint not null,
  attempt integer not null,
  started_at timestamptz not null,
  at timestamptz not null,
  name text not null,
  input json,
  output json,
  error json,
  primary key (org_id, run_id, seq)
) partition by range (run_id);

create table engine.result (
  org_id uuid not null,
  run_id uuid not null,
  status smallint not null,
  at timestamptz not null,
  output json,
  error json,
  primary key (org_id, run_id)
) partition by range (run_id);
create index result_bad on engine.result (org_id, run_id) where status <> 1;

-- Messages stay, without their payload and marked as read, until the run ends: the same id sent again must do nothing.
create table engine.inbox (
  org_id uuid not null,
  run_id uuid not null,
  id uuid not null,
  kind smallint not null,
  read boolean not null default false,
  name text not null,
  payload json,
  error json,
  primary key (org_id, run_id, id)
) with (autovacuum_vacuum_scale_factor = 0.05);
create index inbox_unread on engine.inbox (org_id, run_id, id) where not read;

create table engine.key (
  org_id uuid not null,
  kind smallint not null,
  workflow text not null,
  key text not null,
  run_id uuid not null,
  -- Of a debounce key: the time past which the run is not put off any more.
  latest_at timestamptz,
  expires_at timestamptz not null,
  primary key (org_id, kind, workflow, key)
);
create index key_expiry on engine.key (expires_at);

create table engine.flow_limit (
  org_id uuid not null,
  name text not null,
  -- What the workflow declares; null for a name used for a rate alone.
  max integer,
  -- What an operator set instead.
  override integer,
  running integer not null default 0 check (running >= 0),
  -- Holders over a limit that was lowered while they ran.
  tolerated integer not null default 0,
  -- Theoretical arrival time of the rate (GCRA).
  tat timestamptz,
  primary key (org_id, name)
) with (fillfactor = 70);

create table engine.hold (
  org_id uuid not null,
  run_id uuid not null,
  name text not null,
  position smallint not null,
  on_full smallint not null,
  -- False while the run is gated.
  held boolean not null
);
create index hold_by_limit on engine.hold (org_id, name);
alter table engine.hold add primary key (org_id, run_id, name);

create table engine.bundle (
  org_id uuid not null,
  hash text not null,
  code text not null,
  manifest json not null,
  created_at timestamptz not null default now(),
  primary key (org_id, hash)
);

create table engine.workflow_default (
  org_id uuid not null,
  workflow text not null,
  bundle text not null,
  set_at timestamptz not null default now(),
  primary key (org_id, workflow)
);

create table engine.queue_control (
  org_id uuid not null,
  queue text not null,
  paused boolean not null,
  primary key (org_id, queue)
);

-- Payloads over 64 KB, by content. `at` is the last time one was written, so that retention knows what is unused.
create table engine.blob (
  org_id uuid not null,
  hash text not null,
  body text not null,
  at timestamptz not null default now(),
  primary key (org_id, hash)
);

create sequence engine.log_id;
create table engine.log (
  org_id uuid not null,
  run_id uuid not null,
  id bigint not null default nextval('engine.log_id'),
  cmd integer not null,
  attempt integer not null,
  at timestamptz not null,
  level text not null,
  message text not null,
  data json,
  primary key (org_id, run_id, id)
) partition by range (run_id);

create table engine.progress (
  org_id uuid not null,
  run_id uuid not null,
  cmd integer not null,
  attempt integer not null,
  at timestamptz not null,
  details json not null,
  primary key (org_id, run_id, cmd)
) with (fillfactor = 70);

-- The outbox. Readers go by (tx, id) and stop below the oldest transaction still in progress, so that they skip nothing.
create sequence engine.event_id;
create table engine.event (
  org_id uuid not null,
  tx xid8 not null default pg_current_xact_id(),
  id bigint not null default nextval('engine.event_id'),
  at timestamptz not null,
  type text not null,
  subject text not null,
  data json not null,
  primary key (org_id, tx, id, at)
) partition by range (at);
create index event_in_order on engine.event (tx, id);
