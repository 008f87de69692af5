-- Pipelines: workflows written as JSON. A run has its definition in its input, so nothing here is needed by runs that have begun.

create table app.pipeline (
  org_id uuid not null references app.org (org_id),
  name text collate "C" not null,
  -- The newest in app.pipeline_version.
  version integer not null check (version > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (org_id, name)
);

alter table app.pipeline enable row level security;
alter table app.pipeline force row level security;
create policy owner on app.pipeline to orrery_owner using (true) with check (true);
create policy app on app.pipeline to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
grant select, insert, delete, update (version, updated_at) on app.pipeline to orrery_app;

-- Kept when the pipeline is deleted: a run names the version it is of, and a new pipeline of that name goes on counting.
create table app.pipeline_version (
  org_id uuid not null references app.org (org_id),
  name text collate "C" not null,
  version integer not null check (version > 0),
  definition json not null,
  saved_at timestamptz not null,
  -- Public id of who saved it.
  saved_by text not null,
  primary key (org_id, name, version)
);

alter table app.pipeline_version enable row level security;
alter table app.pipeline_version force row level security;
create policy owner on app.pipeline_version to orrery_owner using (true) with check (true);
create policy app on app.pipeline_version to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
grant select, insert on app.pipeline_version to orrery_app;
