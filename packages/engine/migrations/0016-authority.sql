-- What a run may do, beside its input and not in it: set with the start, and by a debounced start together with the input, never else.
alter table engine.run add column authority json;
grant update (authority) on engine.run to orrery_engine, orrery_app;

create or replace function engine.insert_run(p json, p_input json) returns boolean language plpgsql as $$
begin
  insert into engine.run (org_id, run_id, workflow, bundle, queue, priority, input, tags, created_at, parent_run, parent_cmd, parent_close,
                          origin_kind, origin_run, origin_seq, seed, keys, clock_at, deadline, authority)
  values ((p->>'org')::uuid, (p->>'run')::uuid, p->>'workflow', p->>'bundle', p->>'queue', (p->>'priority')::smallint, p_input,
          array(select json_array_elements_text(p->'tags')), engine.at((p->>'createdAt')::float8),
          (p#>>'{parent,run}')::uuid, (p#>>'{parent,cmd}')::integer, (p#>>'{parent,close}')::smallint,
          p#>>'{origin,kind}', (p#>>'{origin,run}')::uuid, (p#>>'{origin,seq}')::integer,
          p->>'seed', p->>'keys', engine.at((p->>'clockAt')::float8), engine.at((p->>'deadline')::float8), (p->>'authority')::json)
  on conflict (org_id, run_id) do nothing;
  return found;
end $$;

-- As before; a run whose input is replaced has the deadline and the authority of the start that replaced it.
create or replace function engine.put_off(p json, p_input json, out pending uuid, out at timestamptz) language plpgsql as $$
declare
  org uuid := (p->>'org')::uuid;
  k engine.key;
  latest timestamptz := clock_timestamp() + (p#>>'{debounce,maxDelayMs}')::float8 * interval '1 ms';
begin
  at := clock_timestamp() + (p#>>'{debounce,delayMs}')::float8 * interval '1 ms';
  insert into engine.key as x (org_id, kind, workflow, key, run_id, latest_at, expires_at)
  values (org, 2, p->>'workflow', p#>>'{debounce,key}', (p->>'run')::uuid, latest, at + interval '1 day')
  on conflict (org_id, kind, workflow, key) do update set expires_at = greatest(x.expires_at, excluded.expires_at)
  returning x.* into k;
  if k.run_id <> (p->>'run')::uuid then
    at := least(at, k.latest_at);
    update engine.live l set at = put_off.at, priority = (p->>'priority')::smallint, queue = p->>'queue',
      deadline = engine.at((p->>'deadline')::float8),
      rank = put_off.at - engine.bonus((p->>'priority')::smallint)
    where l.org_id = org and l.run_id = k.run_id and l.state in (3, 4) and l.at is not null and not l.begun;
    if found then
      update engine.run r set workflow = p->>'workflow', bundle = p->>'bundle', queue = p->>'queue', priority = (p->>'priority')::smallint,
        input = p_input, authority = (p->>'authority')::json, tags = array(select json_array_elements_text(p->'tags')),
        deadline = engine.at((p->>'deadline')::float8)
      where r.org_id = org and r.run_id = k.run_id;
      pending := k.run_id;
      return;
    end if;
    update engine.key x set run_id = (p->>'run')::uuid, latest_at = latest
    where x.org_id = org and x.kind = 2 and x.workflow = p->>'workflow' and x.key = p#>>'{debounce,key}';
    at := clock_timestamp() + (p#>>'{debounce,delayMs}')::float8 * interval '1 ms';
  end if;
  at := least(at, latest);
end $$;

create or replace view engine.run_view with (security_invoker = true) as
select
  r.org_id, r.run_id, r.workflow, coalesce(l.bundle, r.bundle) as bundle, r.queue, r.tags, r.created_at, r.deadline,
  r.parent_run, r.parent_cmd, r.origin_kind, r.origin_run, r.origin_seq,
  (array['low', 'normal', 'high', 'urgent'])[r.priority + 1] as priority,
  case
    when s.status is not null then (array['succeeded', 'failed', 'cancelled', 'timed_out'])[s.status]
    when l.state = 2 then 'running'
    when l.pause or l.state = 5 then 'paused'
    when l.state = 3 then 'waiting'
    when l.state = 6 then 'blocked'
    when l.state in (1, 4) then case when l.begun then 'running' else 'queued' end
  end as status,
  -- The first step's beginning; a run without steps begins when it ends.
  coalesce((select j.started_at from engine.journal j where j.org_id = r.org_id and j.run_id = r.run_id and j.seq = 1), s.at) as started_at,
  s.at as finished_at,
  l.at as due_at,
  l.reason,
  s.error,
  s.output,
  r.input,
  -- Scopes of the run's steps, and of children that it starts under one of these names.
  r.authority->'scopes' as scopes,
  r.authority->'grants' as grants
from engine.run r
left join engine.live l on l.org_id = r.org_id and l.run_id = r.run_id
left join engine.result s on s.org_id = r.org_id and s.run_id = r.run_id;

-- Runs of pipelines that older servers started have their scopes in the input, which these servers alone wrote. Interpreters of that time
-- send the scopes of each step along, so a run gets those of the tools that it calls too, and each step keeps to its own.
create function engine.authority_before(p_org uuid, p_input json) returns json language plpgsql stable as $$
declare
  body text := p_input::text;
  input json;
begin
  if starts_with(body, '{"$blob":"') then
    body := (select b.body from engine.blob b where b.org_id = p_org and b.hash = substr(p_input::text, 11, 64));
  end if;
  -- PostgreSQL refuses to read members of JSON with these escapes.
  input := regexp_replace(body, '\\u(?:0000|d[89a-f][0-9a-f]{2})', '\\u0001', 'gi')::json;
  return json_build_object(
    'scopes', (
      select coalesce(json_agg(x.scope), '[]') from (
        select json_array_elements_text(input->'scopes') scope
        union
        select json_array_elements_text(t.value->'grants') from json_each(input#>'{calls,tools}') t where json_typeof(t.value->'grants') = 'array'
      ) x),
    'grants', '{}'::json);
end $$;

update engine.run r set authority = engine.authority_before(r.org_id, r.input) where r.workflow = 'orrery.pipeline';

-- A server one version behind still starts runs while this one takes over. Removed with the next version.
create function engine.give_authority() returns trigger language plpgsql as $$
begin
  new.authority := engine.authority_before(new.org_id, new.input);
  return new;
end $$;
create trigger give_authority before insert on engine.run for each row
  when (new.workflow = 'orrery.pipeline' and new.authority is null) execute function engine.give_authority();
