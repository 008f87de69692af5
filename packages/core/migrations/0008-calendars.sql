-- Calendars: which days and hours count. A version holds the definition whole; the texts of feeds lie beside, shared by calendars of an organization.

create table app.calendar (
  org_id uuid not null references app.org (org_id),
  name text not null,
  -- The newest one, which counts.
  version integer not null check (version > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (org_id, name)
);

create table app.calendar_version (
  org_id uuid not null,
  name text not null,
  version integer not null check (version > 0),
  -- Its zone and its layers, as they were given.
  definition json not null,
  at timestamptz not null,
  actor text not null,
  primary key (org_id, name, version),
  foreign key (org_id, name) references app.calendar (org_id, name) on delete cascade
);

create table app.calendar_feed (
  org_id uuid not null references app.org (org_id),
  url text not null,
  -- When it is to be fetched next; whoever fetches it moves this on first, so that nobody else does.
  due_at timestamptz not null,
  -- What the server said of its text, for conditional requests (RFC 9110, section 13.1).
  etag text,
  last_modified text,
  -- The last good one, and how often it changed.
  text text,
  revision integer not null default 0,
  changed_at timestamptz,
  -- When the text was last seen to be current.
  fetched_at timestamptz,
  -- The last failure; null again after a success. `failures` counts them in a row.
  failed_at timestamptz,
  failure text,
  failures integer not null default 0,
  primary key (org_id, url),
  check ((text is null) = (revision = 0))
);
create index calendar_feed_due on app.calendar_feed (due_at);

do $$
declare name text;
begin
  foreach name in array array['calendar', 'calendar_version', 'calendar_feed'] loop
    execute format('alter table app.%I enable row level security', name);
    execute format('alter table app.%I force row level security', name);
    execute format('create policy owner on app.%I to orrery_owner using (true) with check (true)', name);
    execute format('create policy app on app.%I to orrery_app using (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', name);
  end loop;
end $$;

grant select, insert, delete, update (version, updated_at) on app.calendar to orrery_app;
grant select, insert on app.calendar_version to orrery_app;
grant select, insert, update, delete on app.calendar_feed to orrery_app;

-- Feeds that are due are found in all organizations; what came of one is written as the application, in its organization.
create policy fetching on app.calendar_feed to orrery_engine using (true);
grant select (org_id, url, due_at, etag, last_modified, failures), update (due_at) on app.calendar_feed to orrery_engine;

-- INV-16: a calendar has the version that counts, and a row for each of its feeds.
create view app.inv_16_calendar_incomplete as
select c.org_id, c.name from app.calendar c
where not exists (select from app.calendar_version v where v.org_id = c.org_id and v.name = c.name and v.version = c.version)
union all
select c.org_id, c.name from app.calendar c
join app.calendar_version v on v.org_id = c.org_id and v.name = c.name and v.version = c.version
cross join json_array_elements(v.definition->'layers') l
where l->>'kind' = 'feed' and not exists (select from app.calendar_feed f where f.org_id = c.org_id and f.url = l->>'feed');

grant select on app.inv_16_calendar_incomplete to orrery_engine;
