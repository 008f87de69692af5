-- Connections: credentials for outside systems. What may be shown of them lies open, what may not is sealed (secrets/seal-secret.ts).

create table app.connection (
  org_id uuid not null references app.org (org_id),
  connection_id uuid not null,
  name text not null,
  -- The kind, and what may be shown.
  settings json not null,
  -- By field, each sealed for this row and this field.
  secrets json not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (org_id, connection_id),
  constraint connection_name unique (org_id, name)
);

alter table app.connection enable row level security;
alter table app.connection force row level security;
create policy owner on app.connection to orrery_owner using (true) with check (true);
create policy app on app.connection to orrery_app using (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
-- Seals anew what was sealed with an old key.
create policy resealing on app.connection to orrery_engine using (true);

grant select, insert, delete, update (name, settings, secrets, updated_at) on app.connection to orrery_app;
grant select, update (secrets) on app.connection to orrery_engine;

-- INV-15: no secret of a connection lies open, and none is missing where its field is named.
create view app.inv_15_secret_open as
select c.org_id, c.connection_id from app.connection c, json_each_text(c.secrets) s
where s.value is null or s.value !~ '^v1\.[0-9a-f]{16}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{22}$';

grant select on app.inv_15_secret_open to orrery_engine;
