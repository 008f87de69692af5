/**
 * Isolation once more, without the policies of the tables: every query has to name the organization itself. Every operation of the registry is
 * called by an organization whose rows have the same ids and names as ours, with row-level security switched off.
 */
import { listOperations } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FiringScene } from '../../packages/core/src/automations/firing/firing-scene.ts'
import { inScene } from '../../packages/core/src/automations/scheduling/fire-due.ts'
import { fireSchedules } from '../../packages/core/src/automations/scheduling/fire-schedules.ts'
import { fireBackfill } from '../../packages/core/src/automations/scheduling/fire-waiting.ts'
import { settleRuns } from '../../packages/core/src/automations/settle-runs.ts'
import { fireOnce } from '../../packages/core/src/automations/triggers/fire-once.ts'
import { selectListeners } from '../../packages/core/src/automations/triggers/listen-to-topics.ts'
import { APP_ROLE, fingerprintQuery, type Relation, readRelations } from './catalogue.ts'
import { type Ask, type GoodCall, type GoodCalls, goodCalls } from './good-calls.ts'
import { type Installation, type Org, startInstallation } from './installation.ts'
import { openQuietCore, type QuietCore } from './quiet-core.ts'
import { makeTwin, readProtected, setPolicies } from './twin.ts'

let installation: Installation
let ours: Org
let twin: Org
let core: QuietCore
let superuser: pg.Client
let relations: readonly Relation[]
/** Those that have policies. */
let tables: readonly string[]
let good: GoodCalls

/** By operation: what went wrong. */
const failed: string[] = []
const leaks: string[] = []
const changes: string[] = []
const differences: string[] = []
/** What loops found nothing to do. */
const idle: string[] = []
const called = new Set<string>()

beforeAll(async () => {
  installation = await startInstallation()
  await installation.stop()
  ours = installation.ours
  superuser = new pg.Client({ connectionString: installation.databaseUrl })
  await superuser.connect()
  relations = await readRelations(superuser)
  tables = await readProtected(superuser)
  core = openQuietCore(installation.databaseUrl)
  // So that loops find something to do in both.
  const automation = { automation: ours.automation }
  await askAs(ours)('automations.resume', automation)
  await askAs(ours)('automations.runNow', automation)
  await askAs(ours)('automations.backfill', {
    ...automation,
    trigger: 'schedule',
    from: '2026-01-01T00:00:00Z',
    to: '2026-01-02T00:00:00Z',
  })
  await leaveExpiredKeys()
  await leaveOwnWorker()
  await renameWaits()
  twin = await makeTwin(superuser, relations, ours)
  good = goodCalls(twin)
  const reads = good.calls.filter(({ name }) => effectOf(name) === 'read')
  await compareReads(reads)
  await watchLoops()
  for (const call of good.calls.filter(({ name }) => effectOf(name) === 'write')) await watchWrite(call)
  await compareReads(reads)
}, 300_000)

afterAll(async () => {
  good?.close()
  await core?.close()
  await superuser?.end()
  await installation?.close()
})

const effects = new Map(listOperations().map(({ name, effect }) => [name as string, effect]))
const effectOf = (name: string) => effects.get(name)
const askAs =
  (org: Org): Ask =>
  async (name, input) =>
    (await core.call(name, input, { credential: org.key })).output as never

/** A worker that serves us alone. Its table has no organization to name, but a list of those that it serves. */
async function leaveOwnWorker(): Promise<void> {
  const values = [`host of ${ours.canary}`, [ours.uuid]]
  await superuser.query(
    `insert into engine.worker (host, pid, version, queues, slots, steps, orgs) values ($1, 1, '0', '{}', 1, '{}', $2)`,
    values,
  )
}

/** Runs wait for signals of the same name in both organizations, so that nobody could tell them apart. */
async function renameWaits(): Promise<void> {
  await superuser.query(`update engine.live set waits = replace(waits::text, 'answer', $2)::json where org_id = $1`, [
    ours.uuid,
    ours.canary,
  ])
}

/** An old answer and an old claim under the names of all operations, which are used as idempotency keys. */
async function leaveExpiredKeys(): Promise<void> {
  const names = [...effects.keys()]
  const old = `now() - interval '25 hours' from unnest($2::text[]) name`
  await superuser.query(`insert into app.idempotency_key select $1, name, sha256('x'), '{}', ${old}`, [ours.uuid, names])
  await superuser.query(`insert into app.idempotency_claim select $1, name, sha256('x'), ${old}`, [ours.uuid, names])
}

async function prepare(call: GoodCall): Promise<{ readonly input: object; readonly credential: string }> {
  const input = await call.input(askAs(twin))
  const { refreshToken } = call.by === 'login' ? await askAs(twin)('tokens.issue', {}) : { refreshToken: '' }
  return { input, credential: { org: twin.key, installation: installation.adminKey, login: String(refreshToken) }[call.by] }
}

/** Its answer as text; of a refusal the problem. */
async function answerTo(call: GoodCall, how: Awaited<ReturnType<typeof prepare>>, idempotencyKey?: string): Promise<string> {
  called.add(call.name)
  try {
    const { credential, input } = how
    return JSON.stringify(
      (await core.call(call.name, input, { credential, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) })).output,
    )
  } catch (error) {
    return `refused: ${error}`
  }
}

/** Without an idempotency key, and with one; the second time it may find that there is nothing to do any more. */
async function watchWrite(call: GoodCall): Promise<void> {
  const how = await prepare(call)
  await watch(call.name, async () => {
    const text = await answerTo(call, how)
    if (text.startsWith('refused: ')) failed.push(`${call.name} ${text}`)
    return text
  })
  await watch(`${call.name} with a key`, () => answerTo(call, how, call.name))
}

/** What it gives may hold nothing of ours, and nothing of ours may change meanwhile. */
async function watch(name: string, act: () => Promise<string>): Promise<void> {
  const before = await readFingerprint()
  const text = await act()
  const after = await readFingerprint()
  if ([ours.canary, ours.uuid, ours.id].some((own) => text.includes(own))) leaks.push(`${name}: ${text.slice(0, 300)}`)
  const changed = after.split(' ').filter((part) => !before.includes(part))
  if (changed.length > 0) changes.push(`${name}: ${changed.join(', ')}`)
}

async function readFingerprint(org = ours): Promise<string> {
  const query = { name: 'fingerprint', text: fingerprintQuery(relations), values: [org.uuid] }
  return (await superuser.query<{ fingerprint: string }>(query)).rows[0]?.fingerprint ?? ''
}

/** Every read gives the same with and without the policies. They are off afterwards. */
async function compareReads(reads: readonly GoodCall[]): Promise<void> {
  await setPolicies(superuser, tables, true)
  const answers = new Map<string, string>()
  for (const call of reads) answers.set(call.name, await answerTo(call, await prepare(call)))
  await setPolicies(superuser, tables, false)
  for (const call of reads) {
    const text = await answerTo(call, await prepare(call))
    const [alone, beside] = [answers.get(call.name) ?? '', text].map(withoutTimes)
    if (alone !== beside) differences.push(`${call.name}:\n  ${alone}\n  ${beside}`)
    if (call.by === 'org') await watch(call.name, async () => text)
  }
}

const withoutTimes = (text = '') => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')

/** What the scheduler and the reader of the event log do for one organization, some days from now. */
async function watchLoops(): Promise<void> {
  const find = async (text: string) => (await superuser.query<{ id: string }>(text, [twin.uuid])).rows.map(({ id }) => id)
  const going = await find('select run_id as id from app.firing where org_id = $1 and going')
  const [trigger = ''] = await find(`select trigger_id as id from app.trigger where org_id = $1 and type = 'event'`)
  const ended = going.map((run) => ({ run, status: 'failed' as const }))
  const occasion = { triggerId: trigger, cause: { kind: 'event', eventId: '1-1', atMs: Date.now() }, event: { word: twin.word } } as const
  await watchWork('fireSchedules', (scene) => fireSchedules(scene, 100, null))
  await watchWork('fireBackfill', fireBackfill)
  await watchWork('fireOnce', (scene) => fireOnce(scene, occasion, going[0] ?? null))
  await watchWork('settleRuns', (scene) => settleRuns(scene, ended))
  await watch('selectListeners', async () => {
    const listeners = await core.host.database.transaction(twin.uuid, 'read only', (tx) => selectListeners(tx, twin.uuid, ['shop.opened']))
    if (listeners.length !== 1) idle.push('selectListeners')
    return JSON.stringify(listeners)
  })
  const { url } = await askAs(twin)('automations.rotateWebhook', { automation: twin.automation, trigger: 'webhook' })
  const delivery = { token: String(url).split('/').at(-1) ?? '', body: Buffer.from('{}'), header: (name: string) => HEADERS[name] ?? null }
  for (const time of ['first', 'second']) await watch(`a ${time} delivery`, async () => JSON.stringify(await core.receiveWebhook(delivery)))
}

const HEADERS: Readonly<Record<string, string>> = { 'webhook-id': 'one', 'content-type': 'application/json' }

async function watchWork(name: string, work: (scene: FiringScene) => Promise<unknown>): Promise<void> {
  const before = await readFingerprint(twin)
  const later = () => Date.now() + 3 * 86_400_000
  await watch(name, async () => JSON.stringify((await inScene(core.host, twin.uuid, later, work)) ?? null))
  if ((await readFingerprint(twin)) === before) idle.push(name)
}

test('the policies are off, every operation is called and every good call succeeds', async () => {
  const client = new pg.Client({ connectionString: installation.databaseUrl, options: `-c role=${APP_ROLE}` })
  await client.connect()
  for (const table of ['app.tool', 'engine.run'])
    expect((await client.query(`select distinct org_id from ${table} where org_id in ($1, $2)`, [ours.uuid, twin.uuid])).rowCount).toBe(2)
  await client.end()
  expect(listOperations().filter(({ name }) => !called.has(name))).toEqual([])
  expect([failed, idle]).toEqual([[], []])
})

test('no answer holds anything of the organization with the same ids', () => {
  expect(leaks).toEqual([])
})

test('nothing of the organization with the same ids changes', () => {
  expect(changes).toEqual([])
})

test('a read gives the same without the policies as with them', () => {
  expect(differences).toEqual([])
})
