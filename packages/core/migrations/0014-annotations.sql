-- What clients keep beside the definition, by client. The column named after one of them stays until the next release, for servers of the
-- version before; a trigger keeps the two in step.
alter table app.automation add column annotations json;
update app.automation set annotations = json_build_object('ordinaut', ordinaut) where ordinaut is not null;

create function app.keep_annotations() returns trigger language plpgsql as $$
begin
  if new.annotations::text is distinct from old.annotations::text then
    new.ordinaut := new.annotations->'ordinaut';
  elsif new.ordinaut::text is distinct from old.ordinaut::text then
    new.annotations := jsonb_set(coalesce(new.annotations::jsonb, '{}'), '{ordinaut}', coalesce(new.ordinaut::jsonb, 'null'));
  end if;
  return new;
end $$;

create trigger keep_annotations before insert or update on app.automation for each row execute function app.keep_annotations();
