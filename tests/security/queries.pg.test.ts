/**
 * Isolation by the queries alone. With row-level security switched off, an organization whose rows have the same ids and names as ours calls every
 * operation of the registry. A query that does not name its organization reads or changes our rows, or answers otherwise than with row-level security.
 */
import { decodeId, listOperations } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeSecretKey, readSecretKeys } from '../../packages/kernel/src/index.ts'
import { copyTestDatabase, type TestDatabase } from '../support/database.ts'
import { APP_ROLE, readRelations } from './catalogue.ts'
import { type Ask, OF_PERSONS } from './good-calls.ts'
import { type Installation, type Org, startInstallation } from './installation.ts'
import { openQuietCore } from './quiet-core.ts'
import { makeTwin, switchPoliciesOff } from './twin.ts'
import { type Walked, walkOperations } from './walk-operations.ts'

let installation: Installation
let ours: Org
let twin: Org
/** Ids that only our rows have. */
let ownIds: readonly string[]
/** A copy of the database, without row-level security. */
let open: TestDatabase
let guarded: Walked
let unguarded: Walked

beforeAll(async () => {
  installation = await startInstallation()
  await installation.stop()
  ours = installation.ours
  await prepare()
  open = await copyTestDatabase(installation.databaseUrl)
  await withSuperuser(open.url, switchPoliciesOff)
  const secrets = readSecretKeys(makeSecretKey())
  const walk = { ours, twin, ownIds, secrets, adminKey: installation.adminKey }
  guarded = await walkOperations({ ...walk, url: installation.databaseUrl })
  unguarded = await walkOperations({ ...walk, url: open.url })
}, 300_000)

afterAll(async () => {
  await open?.drop()
  await installation?.close()
})

async function withSuperuser(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await work(client).finally(() => client.end())
}

async function prepare(): Promise<void> {
  const core = openQuietCore(installation.databaseUrl)
  const ask: Ask = async (name, input) => (await core.call(name, input, { credential: ours.key })).output as never
  const { automation, calendar, office, pipeline, tool } = ours
  const workflow = { name: 'greeting', input: { word: ours.canary } }
  const poll = { uses: 'time.now', every: '1h' }
  // Every loop needs work in both organizations.
  await ask('automations.resume', { automation })
  await ask('automations.runNow', { automation })
  await ask('automations.runAt', { automation, delay: '1d' })
  await ask('automations.backfill', { automation, trigger: 'schedule', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })
  const schedule = { include: [{ kind: 'cron', cron: '0 9 * * *' }], calendar: { id: office, roll: 'skip' } }
  await ask('automations.create', { name: 'of-the-office', schedule, workflow })
  await ask('automations.create', {
    name: 'polling',
    triggers: [{ type: 'condition', poll, condition: `result.timezone != '${ours.canary}'` }],
    workflow,
  })
  await withSuperuser(installation.databaseUrl, async (client) => {
    await leaveTraces(client)
    twin = await makeTwin(client, await readRelations(client), ours)
  })
  // Our rows have more versions than those of the twin, and the office has one more automation.
  const { id } = await ask('automations.create', { name: 'ours-alone', schedule, workflow })
  ownIds = [String(id), decodeId('aut', String(id)) ?? '']
  await ask('automations.update', { automation, description: ours.canary })
  await ask('calendars.put', { calendar, zone: 'Asia/Tokyo', layers: [{ kind: 'feed', feed: `http://127.0.0.1:9/${ours.canary}.ics` }] })
  await ask('pipelines.put', { pipeline, definition: [{ id: 'later', wait: '2d' }] })
  await ask('tools.put', { tool, definition: { description: ours.canary, implementation: { kind: 'builtin', builtIn: 'time.now' } } })
  await core.close()
}

/** Rows of ours that no call leaves. */
async function leaveTraces(client: pg.Client): Promise<void> {
  const { canary, uuid } = ours
  // Expired answers and claims. Their keys are the names of the operations.
  const names = listOperations().map(({ name }) => name)
  const old = `now() - interval '25 hours' from unnest($2::text[]) name`
  await client.query(`insert into app.idempotency_key select $1, name, sha256('x'), '{}', ${old}`, [uuid, names])
  await client.query(`insert into app.idempotency_claim select $1, name, sha256('x'), ${old}`, [uuid, names])
  // A worker that serves our organization alone. The table has no org_id, but the list of the organizations that a worker serves.
  const worker = `insert into engine.worker (host, pid, version, queues, slots, steps, orgs) values ($1, 1, '0', '{}', 1, '{}', $2)`
  await client.query(worker, [`host of ${canary}`, [uuid]])
  // Without the canary, the runs of both organizations would wait for the same signals.
  await client.query(`update engine.live set waits = replace(waits::text, 'answer', $2)::json where org_id = $1`, [uuid, canary])
}

test('the policies are off, every operation is called, and every good call succeeds', async () => {
  const client = new pg.Client({ connectionString: open.url, options: `-c role=${APP_ROLE}` })
  await client.connect()
  for (const table of ['app.tool', 'engine.run'])
    expect((await client.query(`select distinct org_id from ${table} where org_id in ($1, $2)`, [ours.uuid, twin.uuid])).rowCount).toBe(2)
  await client.end()
  for (const { answers, failed, idle } of [guarded, unguarded]) {
    const names = listOperations().map(({ name }) => name as string)
    expect(names.filter((name) => answers.every((answer) => answer.name !== name)).toSorted()).toEqual(OF_PERSONS.toSorted())
    expect([failed, idle]).toEqual([[], []])
  }
})

test('no answer contains data of the organization with the same ids', () => {
  expect(unguarded.leaks).toEqual([])
  expect(guarded.leaks).toEqual([])
})

test('no row of the organization with the same ids changes', () => {
  expect(unguarded.changes).toEqual([])
  expect(guarded.changes).toEqual([])
})

test('every call is answered the same with the policies off', () => {
  const differences = guarded.answers.flatMap(({ name, text }, at) => {
    const [alone, beside] = [text, unguarded.answers[at]?.text ?? ''].map(withoutChance)
    return alone === beside ? [] : [`${name}:\n  ${alone}\n  ${beside}`]
  })
  expect(differences).toEqual([])
  expect(unguarded.answers).toHaveLength(guarded.answers.length)
})

/** An answer without ids, times and secrets, which differ from one call to the next. The order of items with such ids is left out too. */
function withoutChance(text: string): string {
  const scrubbed = text
    .replaceAll(/\b([a-z]{3}_[0-9a-z]{26}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)/g, '<time>')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>')
    .replaceAll(/\bor[rc]_[\w-]+/g, '<key>')
    .replaceAll(/\bwhsec_[\w+/=]+/g, '<secret>')
    .replaceAll(/\/hooks\/[\w-]+/g, '/hooks/<token>')
    .replaceAll(/orrery-offers-\w+/g, '<folder>')
    .replaceAll(/"\d+-\d+"/g, '"<place>"')
    .replaceAll(/\b[0-9a-f]{64}\b/g, '<digest>')
    .replaceAll(/"nextCursor":"[^"]*"/g, '"nextCursor":"<cursor>"')
    .replaceAll(/"tookMs":\d+/g, '"tookMs":0')
  return scrubbed.startsWith('refused: ') ? scrubbed : JSON.stringify(sortArrays(JSON.parse(scrubbed)))
}

function sortArrays(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => JSON.stringify(sortArrays(item))).sort()
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, sortArrays(member)]))
}
