-- Automations: what runs when. The definition is kept whole in each version; a trigger's row keeps only where it stands.

create table app.automation (
  org_id uuid not null references app.org (org_id),
  automation_id uuid not null,
  name text not null,
  title text not null,
  version integer not null check (version > 0),
  -- As it was given.
  definition json not null,
  status text not null check (status in ('active', 'paused', 'ended')),
  -- While it lasts, nothing fires; `status` stays as it is.
  snoozed_until timestamptz,
  note text,
  -- Failed runs in a row.
  failures integer not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- What Ordinaut's interface keeps and shows again; null for all others.
  ordinaut json,
  primary key (org_id, automation_id)
);

-- Begins with the name: a plan that is made while the table is empty might else take it for the primary key, and read all of an organization.
create unique index automation_name on app.automation (name, org_id);

create table app.automation_version (
  org_id uuid not null,
  automation_id uuid not null,
  version integer not null,
  definition json not null,
  at timestamptz not null,
  actor text not null,
  primary key (org_id, automation_id, version),
  foreign key (org_id, automation_id) references app.automation (org_id, automation_id) on delete cascade
);

create table app.trigger (
  org_id uuid not null,
  automation_id uuid not null,
  trigger_id uuid not null,
  key text not null,
  type text not null check (type in ('schedule', 'event', 'condition', 'webhook')),
  -- As it was given, with the zone that counts: what tells a changed trigger from one that stays.
  given json not null,
  -- Ready for use: schedules written out, with the start that was implied.
  definition json not null,
  -- Schedules: FiringState (automations/planning/firing-state.ts), of which the standing is the automation's.
  cursor_at timestamptz,
  skip_next integer not null default 0,
  remaining integer,
  -- When somebody has to look at it next: a schedule that is due, a tool that is to be polled. Null: never by itself.
  wakes_at timestamptz,
  -- Events and conditions: the beginning of the topics that concern it, up to the first wildcard.
  prefix text,
  -- Conditions: ConditionState (planning/judge-condition.ts).
  condition json,
  -- Webhooks: SHA-256 of the secret in the address; the signing secret, sealed for this row.
  token_hash bytea,
  signing_secret text,
  -- Why it does not fire, and how often in a row that was found; it is tried again at wakes_at, later each time.
  trouble text,
  troubles integer not null default 0,
  primary key (org_id, trigger_id),
  constraint trigger_key unique (org_id, automation_id, key),
  foreign key (org_id, automation_id) references app.automation (org_id, automation_id) on delete cascade
);

-- Of all organizations, to find those with something to do; then of one.
create index trigger_wakes on app.trigger (wakes_at) where wakes_at is not null;
create index trigger_due on app.trigger (org_id, type, wakes_at) where wakes_at is not null;
create index trigger_topic on app.trigger (org_id, prefix) where prefix is not null;

-- What came of each moment at which a run could have started. The id is that of the run, so that a firing is one row however often it is tried.
create table app.firing (
  org_id uuid not null,
  automation_id uuid not null,
  firing_id uuid not null,
  trigger_key text,
  cause text not null check (cause in ('schedule', 'event', 'condition', 'webhook', 'manual', 'backfill', 'agent')),
  version integer not null,
  nominal_at timestamptz not null,
  fires_at timestamptz,
  decided_at timestamptz not null,
  -- `scheduled`: asked for by somebody, to be decided at fires_at.
  outcome text not null check (outcome in ('scheduled', 'buffered', 'started', 'existing', 'skipped', 'failed')),
  reason text,
  count integer not null default 1,
  run_id uuid,
  -- Started, and its end has not been seen yet: what overlap policies look at.
  going boolean not null default false,
  -- Who asks twice with the same key has asked once.
  request_key text,
  -- Of one that is not decided yet: how it differs from the automation (its own overlap policy, event, params).
  request json,
  primary key (org_id, firing_id),
  foreign key (org_id, automation_id) references app.automation (org_id, automation_id) on delete cascade
);

create index firing_list on app.firing (org_id, automation_id, decided_at desc, firing_id desc);
create index firing_by_age on app.firing (decided_at);
create index firing_going on app.firing (org_id, automation_id) where going;
create index firing_buffered on app.firing (org_id, automation_id, decided_at, nominal_at, firing_id) where outcome = 'buffered';
create index firing_run on app.firing (org_id, run_id) where going;
create unique index firing_request on app.firing (org_id, request_key) where request_key is not null;
create index firing_wakes on app.firing (fires_at) where outcome = 'scheduled';
create index firing_due on app.firing (org_id, fires_at) where outcome = 'scheduled';

-- A range of past occurrences that somebody asked to run, some at a time.
create table app.backfill (
  org_id uuid not null,
  automation_id uuid not null,
  backfill_id uuid not null,
  trigger_id uuid not null,
  trigger_key text not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  -- Nominal time of the first that was not decided yet.
  rest_at timestamptz not null,
  overlap text not null,
  requested_at timestamptz not null,
  -- When the next ones are decided. Null: it is done.
  wakes_at timestamptz,
  trouble text,
  primary key (org_id, backfill_id),
  foreign key (org_id, automation_id) references app.automation (org_id, automation_id) on delete cascade
);

create index backfill_wakes on app.backfill (wakes_at) where wakes_at is not null;
create index backfill_automation on app.backfill (org_id, automation_id);

do $$
declare name text;
begin
  foreach name in array array['automation', 'automation_version', 'trigger', 'firing', 'backfill'] loop
    execute format('alter table app.%I enable row level security', name);
    execute format('alter table app.%I force row level security', name);
    execute format('create policy owner on app.%I to orrery_owner using (true) with check (true)', name);
    execute format('create policy app on app.%I to orrery_app using (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', name);
    execute format('grant select, insert, update, delete on app.%I to orrery_app', name);
  end loop;
end $$;

-- The scheduler finds what is due in all organizations; what it then does, it does as the application, in one organization.
create policy scheduling on app.trigger for select to orrery_engine using (true);
grant select (org_id, automation_id, trigger_id, type, wakes_at, prefix) on app.trigger to orrery_engine;
create policy scheduling on app.firing for select to orrery_engine using (true);
grant select (org_id, automation_id, firing_id, outcome, fires_at, run_id, going, decided_at) on app.firing to orrery_engine;
-- What came of moments long past is dropped.
create policy housekeeping on app.firing for delete to orrery_engine using (not going and outcome not in ('scheduled', 'buffered'));
grant delete on app.firing to orrery_engine;
create policy scheduling on app.backfill for select to orrery_engine using (true);
grant select (org_id, backfill_id, wakes_at) on app.backfill to orrery_engine;
-- A webhook's address names nobody: its secret is looked up in all organizations.
grant select (token_hash) on app.trigger to orrery_engine;
create unique index trigger_token on app.trigger (token_hash) where token_hash is not null;
