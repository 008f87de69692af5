-- What triggers that are no schedules need beside their rows.

-- How many firings came one out of the other before this one, through events that runs wrote: what ends a loop.
alter table app.firing add column depth integer not null default 0;

-- Deliveries at webhooks that named themselves: a second one with the same name is the first one again. Kept for some days.
create table app.webhook_delivery (
  org_id uuid not null,
  trigger_id uuid not null,
  -- SHA-256 of the name: senders make them as long as they like.
  delivery_hash bytea not null,
  -- Null: nothing came of it.
  firing_id uuid,
  at timestamptz not null,
  primary key (org_id, trigger_id, delivery_hash),
  foreign key (org_id, trigger_id) references app.trigger (org_id, trigger_id) on delete cascade
);
create index webhook_delivery_by_age on app.webhook_delivery (at);

alter table app.webhook_delivery enable row level security;
alter table app.webhook_delivery force row level security;
create policy owner on app.webhook_delivery to orrery_owner using (true) with check (true);
create policy app on app.webhook_delivery to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
create policy housekeeping on app.webhook_delivery to orrery_engine using (true);
grant select, insert, update, delete on app.webhook_delivery to orrery_app;
-- Update, because rows are locked before they are deleted.
grant select, update, delete on app.webhook_delivery to orrery_engine;

-- What the prefix of a trigger for this topic can be: the topic, or what stands before a wildcard.
create function app.topic_prefixes(topic text) returns text[] language sql immutable parallel safe as $$
  select array[topic, ''] || array(
    select array_to_string(w.words[1:n], '.') || '.' from generate_series(1, cardinality(w.words) - 1) n)
  from (select string_to_array(topic, '.') as words) w
$$;

-- Seals anew what was sealed with an old key.
create policy resealing on app.trigger for update to orrery_engine using (true);
grant select (signing_secret), update (signing_secret) on app.trigger to orrery_engine;

-- INV-15: no signing secret lies open.
create view app.inv_15_signing_secret_open as
select org_id, trigger_id from app.trigger
where signing_secret !~ '^v1\.[0-9a-f]{16}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{22}$';
grant select on app.inv_15_signing_secret_open to orrery_engine;
