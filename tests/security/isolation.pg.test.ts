/**
 * Isolation of organizations in the database itself: tries every relation and function in the catalogue, with every verb, in every state of
 * a connection of the application. Relations and functions are read from the catalogue, and their rows were created by requests to the
 * whole server.
 */
import { randomUUID } from 'node:crypto'
import { decodeId } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  APP_ROLE,
  type DatabaseFunction,
  type ForeignKey,
  fingerprintQuery,
  type Relation,
  readForeignKeys,
  readFunctions,
  readOpenUniqueIndexes,
  readRelations,
} from './catalogue.ts'
import { argumentFor, takesRun } from './function-arguments.ts'
import { type Installation, type Org, startInstallation } from './installation.ts'
import { openSituations, type Situation } from './situations.ts'

/** Relations without org_id, with the reason. */
const WITHOUT_ORG: Readonly<Record<string, string>> = {
  'engine.worker': 'a process serves many organizations; the policy shows an organization the workers that serve it',
  'engine.worker_view': 'has the policy of engine.worker',
  'app.audit_position': 'the position of the sealer over all organizations; the role of the application may not read it',
  'app.event_consumer': 'the positions of readers of the event log over all organizations; the role of the application may not read it',
  'app.inv_12_table_open': 'names of tables',
  'app.inv_12_key_without_org': 'names of constraints',
  'engine.inv_table_open': 'names of tables',
  'engine.inv_history_writable': 'names of tables and roles',
}

/** Intentionally unique over all organizations. */
const UNIQUE_OVER_ALL = ['app.org_name_key', 'app.trigger_token']

/**
 * Error codes of a refusal: no privilege or a policy (42501), a foreign key (23503), a setting that is not a UUID (22P02), a view that
 * cannot be written (55000) or a column of a view that cannot be written (0A000). Any other error means that the case was not really tried.
 */
const REFUSALS = ['42501', '23503', '22P02', '55000', '0A000']

/** The number of relations with org_id when this test was written. With fewer, the catalogue was not read correctly. */
const TABLES_AT_LEAST = 22
const VIEWS_AT_LEAST = 23

type Row = Readonly<Record<string, unknown>>

let installation: Installation
let ours: Org
let theirs: Org
let superuser: pg.Client
let relations: Relation[]
let situations: Situation[]
let fingerprint: string
/** One row of each organization, by relation. */
const rows = new Map<string, { readonly ours: Row; readonly theirs: Row | null }>()

beforeAll(async () => {
  installation = await startInstallation()
  ;({ ours, theirs } = installation)
  superuser = new pg.Client({ connectionString: installation.databaseUrl })
  await superuser.connect()
  relations = await readRelations(superuser)
  fingerprint = fingerprintQuery(relations)
  for (const relation of withOrg()) await readRowsOf(relation)
  situations = await openSituations({ url: installation.databaseUrl, role: APP_ROLE, ours, theirs })
})

afterAll(async () => {
  for (const { client } of situations ?? []) await client.end()
  await superuser?.end()
  await installation?.close()
})

async function readRowsOf({ name }: Relation): Promise<void> {
  const first = async (org: Org) =>
    (await superuser.query<{ row: Row }>(`select to_jsonb(t) as row from ${name} t where org_id = $1 limit 1`, [org.uuid])).rows[0]?.row ??
    null
  rows.set(name, { ours: (await first(ours)) ?? { org_id: ours.uuid }, theirs: await first(theirs) })
}

const withOrg = () => relations.filter((relation) => relation.hasOrg)

test('every table with org_id is found and has rows of both organizations, and every other table has a reason', async () => {
  const kinds = Map.groupBy(withOrg(), ({ kind }) => kind)
  const count = (kind: Relation['kind']) => kinds.get(kind)?.length ?? 0
  console.log(`isolation: ${count('table')} tables, ${count('partition')} partitions and ${count('view')} views with org_id`)
  const { rows: named } = await superuser.query<{ name: string }>(
    `select table_schema || '.' || table_name as name from information_schema.columns
     where column_name = 'org_id' and table_schema not in ('pg_catalog', 'information_schema') order by 1`,
  )
  expect(withOrg().map(({ name }) => name)).toEqual(named.map(({ name }) => name))
  expect(count('table')).toBeGreaterThanOrEqual(TABLES_AT_LEAST)
  expect(count('view')).toBeGreaterThanOrEqual(VIEWS_AT_LEAST)
  const empty = withOrg().filter(
    ({ name, kind }) => kind === 'table' && (rows.get(name)?.theirs === null || rows.get(name)?.ours.org_id === undefined),
  )
  expect(
    empty.map(({ name }) => name),
    'tables that the fixture leaves empty',
  ).toEqual([])
  for (const { name, kind } of withOrg()) {
    if (kind === 'table') expect(Object.keys(rows.get(name)?.ours ?? {}).length, `${name} has no row of ours`).toBeGreaterThan(1)
  }
  const unexplained = relations.filter(({ hasOrg, name }) => !hasOrg && WITHOUT_ORG[name] === undefined)
  expect(unexplained.map(({ name }) => name)).toEqual([])
  expect(await readOpenUniqueIndexes(superuser)).toEqual(UNIQUE_OVER_ALL)
})

test('readable views and all functions run with the privileges of the caller', async () => {
  const views = relations.filter(({ kind, isSelectable }) => kind === 'view' && isSelectable)
  expect(views.filter(({ isInvoker }) => !isInvoker).map(({ name }) => name)).toEqual([])
  const definers = (await readFunctions(superuser)).filter(({ isDefiner }) => isDefiner)
  expect(definers.map(({ name }) => name)).toEqual([])
})

/** Runs one statement in a transaction and rolls it back. */
async function attempt<T>(
  situation: Situation,
  text: string,
  values: readonly unknown[],
  look: (result: pg.QueryResult<Row>) => Promise<T> | T,
) {
  await situation.begin()
  try {
    const result = await situation.client.query<Row>(text, [...values])
    return { refused: null, found: await look(result) }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return { refused: error, found: null }
  } finally {
    await situation.client.query('rollback')
  }
}

const insertOf = (name: string, columns: readonly string[]) =>
  `insert into ${name} (${columns.join(', ')}) select ${columns.map((column) => `r.${column}`).join(', ')} from jsonb_populate_record(null::${name}, $1) r`

interface Case {
  readonly verb: string
  readonly text: string
  readonly values: readonly unknown[]
}

/** Every statement returns the rows it touched, so that our rows can be counted. */
function casesOf(relation: Relation): Case[] {
  const { name, columns, primaryKey } = relation
  const known = rows.get(name)
  const mine = known?.ours ?? {}
  const changed = relation.updatable.length > 0 ? relation.updatable : ['org_id']
  const keep = changed.map((column) => `${column} = t.${column}`).join(', ')
  const excluded = changed.map((column) => `${column} = excluded.${column}`).join(', ')
  const insert = insertOf(name, columns)
  const target = primaryKey.join(', ')
  return [
    { verb: 'select', text: `select org_id from ${name} where org_id = $1`, values: [ours.uuid] },
    { verb: 'select all', text: `select org_id from ${name}`, values: [] },
    { verb: 'insert as other', text: `${insert} returning org_id`, values: [mine] },
    { verb: 'update', text: `update ${name} t set ${keep} where t.org_id = $1 returning org_id`, values: [ours.uuid] },
    { verb: 'update all', text: `update ${name} t set ${keep} returning org_id`, values: [] },
    { verb: 'move to other', text: `update ${name} t set org_id = $1 returning org_id`, values: [ours.uuid] },
    {
      verb: 'move from other',
      text: `update ${name} t set org_id = $1 where t.org_id = $2 returning $2::uuid as org_id`,
      values: [theirs.uuid, ours.uuid],
    },
    { verb: 'delete', text: `delete from ${name} where org_id = $1 returning org_id`, values: [ours.uuid] },
    { verb: 'delete all', text: `delete from ${name} returning org_id`, values: [] },
    { verb: 'upsert, nothing', text: `${insert} on conflict do nothing returning org_id`, values: [mine] },
    ...(target === ''
      ? []
      : [{ verb: 'upsert, update', text: `${insert} on conflict (${target}) do update set ${excluded} returning org_id`, values: [mine] }]),
  ]
}

interface Tried {
  readonly leaks: readonly string[]
  /** Cases that failed for another reason than a refusal. */
  readonly untried: readonly string[]
  readonly count: number
  readonly refused: number
}

async function tryVerbs(among: readonly Relation[]): Promise<Tried> {
  const leaks: string[] = []
  const untried: string[] = []
  let count = 0
  let refused = 0
  const tryOne = async (situation: Situation, relation: Relation, { verb, text, values }: Case) => {
    const outcome = await attempt(situation, text, values, (result) => result.rows.filter((row) => row.org_id === ours.uuid).length)
    const name = `${relation.name}: ${verb}, ${situation.name}`
    count += 1
    if (outcome.refused !== null) refused += 1
    if (outcome.refused !== null && !REFUSALS.includes(outcome.refused.code ?? ''))
      untried.push(`${name}: ${outcome.refused.code} ${outcome.refused.message}`)
    if (outcome.found !== null && outcome.found > 0) leaks.push(`${name}: ${outcome.found} rows`)
  }
  await Promise.all(
    situations.map(async (situation) => {
      for (const relation of among) for (const one of casesOf(relation)) await tryOne(situation, relation, one)
    }),
  )
  return { leaks, untried, count, refused }
}

test('no verb reaches a row of another organization in any state of a connection', { timeout: 120_000 }, async () => {
  const { leaks, untried, count, refused } = await tryVerbs(withOrg())
  console.log(`isolation: ${count} statements in ${situations.length} states of a connection, ${refused} refused, ${leaks.length} leaks`)
  expect(untried).toEqual([])
  expect(leaks).toEqual([])
  expect(count).toBe(situations.length * withOrg().flatMap(casesOf).length)
})

test('the owner of the rows can read them (control)', async () => {
  const control: Situation = {
    ...situations[0],
    name: 'our own',
    client: new pg.Client({ connectionString: installation.databaseUrl, options: `-c role=${APP_ROLE}` }),
    begin: async () => void (await control.client.query(`begin; select set_config('app.org_id', '${ours.uuid}', true)`)),
  }
  await control.client.connect()
  const blind: string[] = []
  for (const relation of withOrg()) {
    if (relation.kind !== 'table') continue
    const { found } = await attempt(control, `select from ${relation.name}`, [], ({ rowCount }) => rowCount)
    if (relation.isSelectable && found === 0) blind.push(relation.name)
  }
  await control.client.end()
  expect(blind).toEqual([])
})

/** Everything that the role of the application can see in this situation, as text. */
async function readAllVisible(client: pg.ClientBase): Promise<string> {
  const readable = relations.filter(({ kind, isSelectable }) => kind !== 'partition' && isSelectable)
  const parts = readable.map(({ name }) => `select coalesce(string_agg(to_jsonb(t)::text, ''), '') as text from ${name} t`)
  const { rows: found } = await client.query<{ text: string }>(`select string_agg(text, '') as text from (${parts.join(' union all ')}) x`)
  return found[0]?.text ?? ''
}

/** Reads as the login role within the transaction, so it sees the effects of the previous statement. */
async function readFingerprint(client: pg.ClientBase): Promise<string> {
  await client.query('set local role none')
  return (await client.query<{ fingerprint: string }>(fingerprint, [ours.uuid])).rows[0]?.fingerprint ?? ''
}

test('a row with ids of another organization reveals and changes nothing of that organization', async () => {
  const leaks: string[] = []
  let tried = 0
  const before = (await superuser.query<{ fingerprint: string }>(fingerprint, [ours.uuid])).rows[0]?.fingerprint
  await Promise.all(
    situations.map(async (situation) => {
      for (const { name, kind, columns, uuidColumns, primaryKey } of withOrg()) {
        const known = rows.get(name)
        if (kind !== 'table' || known === undefined || known.theirs === null) continue
        const references = [...uuidColumns, ...primaryKey]
          .filter((column) => column !== 'org_id')
          .map((column) => [column, known.ours[column]] as const)
        const row = { ...known.theirs, ...Object.fromEntries(references) }
        const outcome = await attempt(situation, insertOf(name, columns), [row], async () => {
          // Values that were part of the inserted row are not a leak.
          const visible = references.reduce((text, [, value]) => text.replaceAll(String(value), ''), await readAllVisible(situation.client))
          if (visible.includes(ours.canary)) return 'it reveals our data'
          return (await readFingerprint(situation.client)) === before ? null : 'it changes our data'
        })
        tried += 1
        if (outcome.found !== null) leaks.push(`${name}, ${situation.name}: ${outcome.found}`)
      }
    }),
  )
  console.log(`isolation: ${tried} rows that refer to another organization, ${leaks.length} leaks`)
  expect(leaks).toEqual([])
  expect(tried).toBe(situations.length * withOrg().filter(({ kind }) => kind === 'table').length)
})

test('foreign keys prevent references to another organization, even for the owner of the database', async () => {
  const keys = await readForeignKeys(superuser)
  const accepted: string[] = []
  for (const key of keys) {
    expect(key.columns, `${key.name} does not hold the organization`).toContain('org_id')
    if (await acceptsForeign(key)) accepted.push(key.name)
  }
  console.log(`isolation: ${keys.length} foreign keys`)
  expect(keys.length).toBeGreaterThanOrEqual(4)
  expect(accepted).toEqual([])
})

/** Inserts a row of theirs that refers to a row that only we have. */
async function acceptsForeign({ table, columns, target, targetColumns }: ForeignKey): Promise<boolean> {
  const relation = relations.find(({ name }) => name === table)
  // A row that has such a reference, if there is one: another may refer to something else instead.
  const hasReference = columns.map((column) => `${column} is not null`).join(' and ')
  const { rows: referring } = await superuser.query<{ row: Row }>(
    `select to_jsonb(t) as row from ${table} t where org_id = $1 and ${hasReference} limit 1`,
    [theirs.uuid],
  )
  const other = referring[0]?.row ?? rows.get(table)?.theirs
  if (relation === undefined || !other) throw new Error(`${table} cannot be tried`)
  const same = targetColumns.filter((column) => column !== 'org_id').map((column) => `x.${column} = t.${column}`)
  const { rows: targets } = await superuser.query<{ row: Row }>(
    `select to_jsonb(t) as row from ${target} t where org_id = $1 and not exists (select from ${target} x where x.org_id = $2 and ${same.join(' and ') || 'true'})`,
    [ours.uuid, theirs.uuid],
  )
  const [mine] = targets
  // If ids are numbers that begin at 1 in every organization, there may be no row that only we have.
  if (mine === undefined) return false
  const fresh = relation.primaryKey
    .filter((column) => !columns.includes(column))
    .map((column) => [column, freshLike(other[column])] as const)
  const reference = columns.map((column, at) => [column, column === 'org_id' ? theirs.uuid : mine.row[targetColumns[at] ?? '']] as const)
  await superuser.query('begin')
  try {
    await superuser.query(insertOf(table, relation.columns), [{ ...other, ...Object.fromEntries([...fresh, ...reference]) }])
    return true
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '23503') return false
    throw error
  } finally {
    await superuser.query('rollback')
  }
}

const freshLike = (value: unknown) => (typeof value === 'number' ? 999_999_999 : randomUUID())

async function tryFunctions(functions: readonly DatabaseFunction[]) {
  const leaks: string[] = []
  const before = (await superuser.query<{ fingerprint: string }>(fingerprint, [ours.uuid])).rows[0]?.fingerprint
  let count = 0
  let answered = 0
  const tryOne = async (situation: Situation, { name, argumentNames, argumentTypes }: DatabaseFunction, runId: string) => {
    const values = argumentTypes.map((type, at) => argumentFor(argumentNames[at] ?? '', type, ours, decodeId('run', runId) ?? ''))
    const places = argumentTypes.map((type, at) => `$${at + 1}::${type}`)
    const outcome = await attempt(
      situation,
      `select to_jsonb(f)::text as given from ${name}(${places.join(', ')}) f`,
      values,
      async (result) => {
        answered += 1
        // A function may return an argument that contains the canary.
        const given = JSON.stringify(result.rows)
        if (given.includes(ours.canary) && !JSON.stringify(values).includes(ours.canary)) return `returns ${given.slice(0, 200)}`
        return (await readFingerprint(situation.client)) === before ? null : 'changes something'
      },
    )
    count += 1
    if (outcome.found !== null) leaks.push(`${name}, ${situation.name}: ${outcome.found}`)
  }
  await Promise.all(
    situations.map(async (situation) => {
      for (const called of functions) {
        const runIds = takesRun(called) ? Object.values(ours.runs) : [ours.runs.waiting]
        for (const runId of runIds) await tryOne(situation, called, runId)
      }
    }),
  )
  return { leaks, count, answered }
}

test('a function that is called for a run of another organization returns and changes nothing', async () => {
  const functions = await readFunctions(superuser)
  const { leaks, count, answered } = await tryFunctions(functions)
  console.log(`isolation: ${functions.length} functions, ${count} calls, ${answered} answered, ${leaks.length} leaks`)
  expect(functions.length).toBeGreaterThanOrEqual(25)
  expect(leaks).toEqual([])
})

test('a worker that serves only other organizations is invisible', async () => {
  const situation = situations.find(({ name }) => name === 'another organization set')
  if (situation === undefined) throw new Error('There is no such situation')
  await situation.begin()
  const { client } = situation
  await client.query('set local role none')
  await client.query(
    `insert into engine.worker (host, pid, version, queues, slots, steps, orgs) values ($1, 1, '1', '{}', 1, '{}', array[$2::uuid])`,
    [ours.canary, ours.uuid],
  )
  await client.query(`set local role ${APP_ROLE}`)
  const { rows: seen } = await client.query<{ host: string }>('select host from engine.worker')
  await client.query('rollback')
  expect(seen.length).toBeGreaterThan(0)
  expect(seen.map(({ host }) => host)).not.toContain(ours.canary)
})

/** Each object has one of the faults that the tests above search for. */
const FAULTY = `
  create table app.faulty_open (org_id uuid, id uuid, word text, primary key (org_id, id));
  create table app.faulty_policy (org_id uuid, id uuid, word text, primary key (org_id, id));
  alter table app.faulty_policy enable row level security;
  alter table app.faulty_policy force row level security;
  create policy everybody on app.faulty_policy to orrery_app using (true);
  grant select, insert, update, delete on app.faulty_open, app.faulty_policy to orrery_app;
  create function app.faulty_teller(p_org uuid) returns setof engine.run language sql security definer as 'select * from engine.run where org_id = p_org';
  create view app.faulty_view as select org_id, tags from engine.run;
  grant select on app.faulty_view to orrery_app;`

test('the tests find a table without row-level security, an open policy, and a view and a function with the privileges of the owner', async () => {
  await superuser.query(FAULTY)
  try {
    for (const org of [ours, theirs]) {
      for (const table of ['open', 'policy'])
        await superuser.query(`insert into app.faulty_${table} values ($1, gen_random_uuid(), $2)`, [org.uuid, org.canary])
    }
    const faulty = (await readRelations(superuser)).filter(({ name }) => name.startsWith('app.faulty_'))
    for (const relation of faulty) await readRowsOf(relation)
    const { leaks, untried } = await tryVerbs(faulty)
    // If the policy allows the insert of an existing row, it fails at the primary key. That is not a refusal, so it counts as untried.
    const leaky = Map.groupBy([...leaks, ...untried], (leak) => leak.split(':')[0] ?? '')
    expect([...leaky.keys()].sort()).toEqual(['app.faulty_open', 'app.faulty_policy', 'app.faulty_view'])
    for (const table of ['app.faulty_open', 'app.faulty_policy'])
      for (const verb of ['select', 'insert as other', 'update', 'move from other', 'delete'])
        expect(
          leaky.get(table)?.some((leak) => leak.startsWith(`${table}: ${verb}, `)),
          `${table}: ${verb}`,
        ).toBe(true)
    const functions = (await readFunctions(superuser)).filter(({ name }) => name === 'app.faulty_teller')
    expect((await tryFunctions(functions)).leaks.length).toBe(situations.length)
  } finally {
    await superuser.query(`drop table app.faulty_open, app.faulty_policy; drop view app.faulty_view; drop function app.faulty_teller`)
  }
})
