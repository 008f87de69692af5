import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../tests/support/database.ts'

let database: TestDatabase
let client: pg.Client

beforeAll(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await database.drop()
})

/** Tables and partitions of our schemas that have a column `org_id`. */
const orgTables = `
  select n.nspname || '.' || c.relname as name, c.relrowsecurity and c.relforcerowsecurity as secured, c.oid
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
  where n.nspname in ('engine', 'app') and c.relkind in ('r', 'p') and a.attname = 'org_id' and not a.attisdropped`

test('enables and forces row-level security on every table with org_id', async () => {
  const { rows } = await client.query<{ name: string; secured: boolean }>(orgTables)
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.filter(({ secured }) => !secured)).toEqual([])
})

/** Keys that are unique across orgs on purpose. A caller that may create an org may learn that a name is taken. */
const globalKeys = ['app.org UNIQUE (name)']

test('starts every key and foreign key of a table with org_id with org_id', async () => {
  const { rows } = await client.query<{ name: string; key: string; definition: string }>(`
    select t.name, k.conname as key, pg_get_constraintdef(k.oid) as definition
    from (${orgTables}) t join pg_constraint k on k.conrelid = t.oid
    where k.contype in ('p', 'u', 'f')
      and (select attname from pg_attribute where attrelid = t.oid and attnum = k.conkey[1]) <> 'org_id'`)
  expect(rows.filter(({ name, definition }) => !globalKeys.includes(`${name} ${definition}`))).toEqual([])
})

test('has no materialized views, which would ignore row-level security', async () => {
  const { rows } = await client.query(`select matviewname from pg_matviews where schemaname in ('engine', 'app')`)
  expect(rows).toEqual([])
})
