-- A login belongs to a person. The tokens that an API key starts, and that refreshing continues, are a token family.
alter table app.login rename to token_family;
alter table app.token_family rename column login_id to family_id;
alter index app.login_pkey rename to token_family_pkey;
alter index app.login_by_key rename to token_family_by_key;
alter index app.login_by_age rename to token_family_by_age;

-- For servers of the previous version, until the next release.
create view app.login with (security_invoker) as
  select org_id, family_id as login_id, key_id, generation, contract, created_at, expires_at, revoked_at from app.token_family;
grant select, insert, update (generation, expires_at, revoked_at) on app.login to orrery_app;
grant select, update, delete on app.login to orrery_engine;
