-- Roles that an organization adds, groups, profiles and devices of people, and the rules of an organization.

create table app.role (
  org_id uuid not null references app.org (org_id),
  name text not null,
  description text not null,
  permissions text[] not null,
  updated_at timestamptz not null,
  primary key (org_id, name)
);

create table app.member_group (
  org_id uuid not null references app.org (org_id),
  group_id uuid not null,
  name text not null,
  description text not null,
  created_at timestamptz not null,
  primary key (org_id, group_id),
  unique (org_id, name)
);

create table app.group_member (
  org_id uuid not null,
  group_id uuid not null,
  -- 'member' or 'agent'. Not a foreign key, because agents are actors too.
  actor_type text not null,
  actor_id uuid not null,
  added_at timestamptz not null,
  primary key (org_id, group_id, actor_type, actor_id),
  foreign key (org_id, group_id) references app.member_group (org_id, group_id) on delete cascade
);
create index group_member_by_actor on app.group_member (org_id, actor_type, actor_id);

do $$
declare t text;
begin
  foreach t in array array['role', 'member_group', 'group_member'] loop
    execute format('alter table app.%I enable row level security', t);
    execute format('alter table app.%I force row level security', t);
    execute format('create policy owner on app.%I to orrery_owner using (true) with check (true)', t);
    execute format('create policy app on app.%I to orrery_app using (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', t);
  end loop;
end $$;

grant select, insert, update (description, permissions, updated_at), delete on app.role to orrery_app;
grant select, insert, update (name, description), delete on app.member_group to orrery_app;
grant select, insert, delete on app.group_member to orrery_app;

alter table app.org
  add passkey_required boolean not null default false,
  add mail_domains text[] not null default '{}';
grant update (passkey_required, mail_domains) on app.org to orrery_app;

-- The rules of their organizations and what their role allows are read together with what a person is in each.
create policy by_person on app.org for select to orrery_app
  using (exists (select from app.member m
                 where m.org_id = org.org_id and m.person_id = nullif(current_setting('app.person_id', true), '')::uuid));
create policy by_person on app.role for select to orrery_app
  using (exists (select from app.member m
                 where m.org_id = role.org_id and m.role = role.name and m.person_id = nullif(current_setting('app.person_id', true), '')::uuid));

alter table auth.person
  add locale text,
  add zone text,
  -- Null: the address with which the person logs in.
  add notify_email text;

alter table auth.login
  -- link, passkey, setup, github, sso, device; passkey_device: a login with a passkey has confirmed that of another machine.
  add method text not null default 'link',
  -- Accurate to one minute. Null: not used yet.
  add used_at timestamptz;
