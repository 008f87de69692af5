-- Each view must return no rows. They see all organizations and read whole tables: for tests, `doctor` and metrics.

-- INV-10: an idempotency key has one answer, with the fingerprint of its input.
create view app.inv_10_idempotency_key_without_answer as
select org_id, key from app.idempotency_key where length(fingerprint) <> 32 or answer is null;

-- INV-12: a table with org_id has forced row-level security with a policy, and its keys begin with org_id.
create view app.inv_12_table_open as
select c.oid::regclass::text as name from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
where c.relnamespace in ('app'::regnamespace, 'engine'::regnamespace) and c.relkind in ('r', 'p')
  and (not c.relrowsecurity or not c.relforcerowsecurity or not exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid));

create view app.inv_12_key_without_org as
select k.conrelid::regclass::text as name, k.conname from pg_catalog.pg_constraint k
join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attname = 'org_id' and not a.attisdropped
where k.connamespace in ('app'::regnamespace, 'engine'::regnamespace) and k.contype in ('p', 'u', 'f')
  and k.conkey[1] <> a.attnum and k.conrelid <> 'app.org'::regclass;

-- INV-13: no row refers to a row of another organization. Foreign keys see to it; these references have none.
create view app.inv_13_foreign_reference as
select 'run' as name, r.org_id, r.run_id as id from engine.run r
join engine.run o on o.run_id in (r.parent_run, r.origin_run) and o.org_id <> r.org_id
where not exists (select from engine.run x where x.org_id = r.org_id and x.run_id = o.run_id)
union all
select 'audit_entry', e.org_id, e.id from app.audit_entry e where not exists (select from app.org o where o.org_id = e.org_id);

-- INV-14: the chain is numbered without gaps and each link holds the hash of the one before (`orrery audit verify` computes the hashes).
create view app.inv_14_chain_broken as
select s.org_id, s.seq from app.audit_seal s
left join app.audit_seal p on p.org_id = s.org_id and p.seq = s.seq - 1
where s.previous <> coalesce(p.hash, '\x'::bytea) or (s.seq > 1 and p.seq is null);

grant select on app.inv_10_idempotency_key_without_answer, app.inv_12_table_open, app.inv_12_key_without_org,
  app.inv_13_foreign_reference, app.inv_14_chain_broken to orrery_engine;
