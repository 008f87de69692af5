-- Codes by which a person lets a command line log in (RFC 8628), and what kind of client a login belongs to.

create table auth.device_code (
  id uuid primary key default gen_random_uuid(),
  -- What the client keeps is this with a signature, so that a copy of the table is not enough to log in.
  device_code text not null unique,
  user_code text not null unique,
  -- Who has opened the code. Only that person can approve it.
  person_id uuid references auth.person (id) on delete cascade,
  status text not null,
  client_id text not null,
  scope text,
  -- The client's own name (User-Agent) and address, to show to the person who is asked.
  machine text not null,
  address text,
  -- How the person had logged in who approved it.
  approved_method text,
  polling_interval integer not null,
  last_polled_at timestamptz,
  expires_at timestamptz not null
);
create index device_code_by_age on auth.device_code (expires_at);
create index device_code_by_person on auth.device_code (person_id);

grant select, insert, update, delete on auth.device_code to orrery_auth;

-- Null: a browser.
alter table auth.login add column client text;
