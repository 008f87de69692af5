/**
 * Schedulers as several processes have them, over one database. Goal: each due occurrence and each request is handled once, even if another
 * one beside it fails. Connections are real and are broken by `pg_terminate_backend`.
 */
import { createEngine } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'
import { createCompute } from '../../../../kernel/src/compute/create-compute.ts'
import { createDatabase } from '../../../../kernel/src/database/database.ts'
import { listViolations } from '../../../../kernel/src/database/list-violations.ts'
import { createDueClock } from '../../../../kernel/src/due/due-clock.ts'
import { type AutomationBench, benchOf } from '../automations.fixture.ts'
import { createAutomationsFeature } from '../feature.ts'
import { transactAsAutomations } from '../firing-context.ts'
import { fireSchedules, type ScheduleFact } from './fire-schedules.ts'
import { sweepRunEnds } from './sweep-run-ends.ts'

let t: TestCore
let bench: AutomationBench
const closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  t = await startTestCore({ work: false })
  await t.deploy()
  bench = benchOf(t)
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

/** A scheduler like that of another process: it has its own connections, clock and notifications. */
function startScheduler(options: { readonly pollMs?: number; readonly hints?: boolean } = {}): ScheduleFact[] {
  const store = createPostgresStore({ url: t.url, poolMax: 2 })
  const engine = createEngine({ store, notifier: store.notifier })
  const database = createDatabase({ url: t.url, poolMax: 2 })
  const facts: ScheduleFact[] = []
  const { log } = bench.host
  const host = { ...t.core.kernel, database, engine, log, announce: () => {} }
  const notifier = options.hints === false ? null : store.notifier
  const kinds = createAutomationsFeature(host, (fact) => void facts.push(fact)).due ?? []
  const clock = createDueClock({ kernel: host, kinds, notifier, pollMs: options.pollMs ?? 60_000 })
  clock.start()
  closing.push(async () => {
    await clock.stop()
    await engine.close()
    await database.close()
  })
  return facts
}

const greet = { workflow: { name: 'greeting', input: { name: 'Ada' } }, overlap: 'allow_all' } as const

describe('schedulers', () => {
  it('fires each occurrence once and on time with three schedulers over one database', async () => {
    const all = [startScheduler(), startScheduler(), startScheduler()]
    const names = await Promise.all(Array.from({ length: 30 }, () => bench.make({ schedule: 'every 1s', ...greet })))
    const stop = Date.now() + 4000
    await eventually(
      async () => Date.now(),
      (now) => now > stop,
    )
    await Promise.all(names.map((automation) => t.call('automations.pause', { automation })))
    const rows = (await Promise.all(names.map((name) => bench.firings(name)))).flat()
    expect(rows.filter(({ outcome }) => outcome !== 'started')).toEqual([])
    for (const name of names) {
      const nominals = (await bench.firings(name)).map(({ nominalAt }) => Date.parse(nominalAt)).sort()
      expect(nominals.length).toBeGreaterThanOrEqual(3)
      expect(nominals).toEqual(nominals.map((_, at) => (nominals[0] ?? 0) + at * 1000))
    }
    const facts = all.flat()
    expect(facts).toHaveLength(rows.length)
    const lateMs = facts.map((fact) => fact.lateMs ?? 0).sort((a, b) => a - b)
    expect(lateMs[0]).toBeGreaterThanOrEqual(0)
  })

  it('finds due schedules by polling when no notification arrives', async () => {
    startScheduler({ hints: false, pollMs: 100 })
    const name = await bench.make({ schedule: 'every 1s', ...greet })
    await eventually(
      () => bench.firings(name),
      (rows) => rows.length >= 2,
    )
    await t.call('automations.pause', { automation: name })
  })

  it('does not report time in the buffer as lateness', async () => {
    const name = await bench.make({ schedule: 'every 1h', ...greet, overlap: 'buffer_all' })
    const { runId } = await bench.fireNext(name)
    await bench.fireNext(name)
    await t.call('runs.cancel', { runId: runId ?? '' })
    const { facts } = await bench.fireAt(await bench.nextMs(name))
    expect((await bench.firings(name)).map(({ outcome }) => outcome)).toEqual(['started', 'started', 'buffered'])
    expect(facts).toEqual([{ outcome: 'buffered', reason: null, lateMs: 0 }])
  })

  it('fires a schedule as soon as the database can again, and does not put it off', async () => {
    startScheduler()
    const name = await bench.make({ triggers: [{ type: 'schedule', schedule: 'every 1s', misfire: 'all' }], ...greet })
    const superuser = new pg.Client({ connectionString: t.url })
    await superuser.connect()
    await superuser.query(
      `create function app.lack() returns trigger language plpgsql as $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$;
       create trigger lack before insert on app.firing for each row execute function app.lack()`,
    )
    const since = Date.now()
    try {
      await eventually(
        async () => Date.now(),
        (now) => now > since + 7000,
      )
      expect(await readTrouble(name)).toBeNull()
    } finally {
      await superuser.query('drop trigger lack on app.firing; drop function app.lack()')
      await superuser.end()
    }
    await eventually(
      () => bench.firings(name),
      (rows) => rows.length >= 7,
      3000,
    )
    await t.call('automations.pause', { automation: name })
  })

  it('loses no occurrence whose start could not be checked, as while a server stops', async () => {
    const pipeline = { pipeline: [{ id: 'now', uses: 'time.now' }], params_schema: { type: 'object', maxProperties: 3 } }
    const name = await bench.make({ schedule: 'every 1h', pipeline, overlap: 'allow_all' })
    const compute = createCompute()
    compute.stop()
    const at = await bench.nextMs(name)
    const kernel = { ...bench.host, compute }
    const fire = transactAsAutomations(kernel, t.org, (context) => fireSchedules(context, 100, null), { now: () => at })
    await expect(fire).rejects.toThrow('The server is stopping.')
    expect(await bench.fireNext(name)).toMatchObject({ outcome: 'started' })
  })

  it('records the ends of runs even if another automation has an invalid definition', async () => {
    const [bad, good] = [await bench.make({ ...greet, overlap: 'buffer_all' }), await bench.make({ ...greet, overlap: 'buffer_all' })]
    for (const automation of [bad, good]) {
      const { runId } = await t.call('automations.runNow', { automation })
      await t.call('automations.runNow', { automation })
      await t.call('runs.cancel', { runId: runId ?? '' })
    }
    const superuser = new pg.Client({ connectionString: t.url })
    await superuser.connect()
    // The product never writes this. It simulates a bug.
    await superuser.query(`update app.automation set definition = 'null' where name = $1`, [bad])
    await superuser.query(`update engine.result set at = at - interval '1 minute'`)
    await superuser.end()
    const outcomes = async (name: string) => (await bench.firings(name)).map(({ outcome }) => outcome)
    expect(await outcomes(good)).toEqual(['started', 'buffered'])
    await sweepRunEnds(bench.host)
    expect([await outcomes(good), await outcomes(bad)]).toEqual([
      ['started', 'started'],
      ['started', 'buffered'],
    ])
  })

  it('fires other schedules when one cannot be fired', async () => {
    const [good, bad] = [await bench.make({ schedule: 'every 1s', ...greet }), await bench.make({ schedule: 'every 1s', ...greet })]
    await t.database.transaction(t.org, 'read write', ({ client }) =>
      // The product never writes this. It simulates a bug.
      client.query(
        `update app.trigger set definition = '{"type":"schedule","schedule":null}' where automation_id = (select automation_id from app.automation where name = $1)`,
        [bad],
      ),
    )
    await eventually(
      () => bench.firings(good),
      (rows) => rows.length >= 2,
    )
    const shown = await eventually(
      () => t.call('automations.get', { automation: good }).then(() => readTrouble(bad)),
      (trouble) => trouble !== null,
    )
    expect(shown).toBe('It could not be fired; see the server’s log.')
    await t.call('automations.pause', { automation: good })
    await t.call('automations.delete', { automation: good })
  })

  it('starts a requested run although the connection breaks during the attempt', async () => {
    startScheduler()
    const name = await bench.make({ ...greet })
    const [holder, watcher] = [new pg.Client({ connectionString: t.url }), new pg.Client({ connectionString: t.url })]
    await Promise.all([holder.connect(), watcher.connect()])
    await t.call('automations.runAt', { automation: name, at: new Date(Date.now() + 500).toISOString() })
    await holder.query('begin; lock table app.firing in share row exclusive mode')
    const blocked = await eventually(
      () =>
        watcher.query<{ pid: number }>(
          `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'insert into app.firing%'`,
        ),
      ({ rows }) => rows.length > 0,
    )
    for (const { pid } of blocked.rows) await watcher.query('select pg_terminate_backend($1)', [pid])
    await holder.query('commit')
    await Promise.all([holder.end(), watcher.end()])
    const [fired] = await eventually(
      () => bench.firings(name),
      ([row]) => row?.outcome !== 'scheduled',
    )
    expect(fired).toMatchObject({ outcome: 'started' })
  })

  it('marks only the request that cannot be started as failed, and starts the others', async () => {
    startScheduler()
    const [first, bad, last] = [await bench.make({ ...greet }), await bench.make({ ...greet }), await bench.make({ ...greet })]
    await t.database.transaction(t.org, 'read write', ({ client }) =>
      // The product never writes this. It simulates a bug.
      client.query(`update app.automation set definition = 'null' where name = $1`, [bad]),
    )
    const at = Date.now() + 500
    for (const [order, name] of [first, bad, last].entries())
      await t.call('automations.runAt', { automation: name, at: new Date(at + order).toISOString() })
    const outcomes = async () => Promise.all([first, bad, last].map(async (name) => (await bench.firings(name))[0]?.outcome))
    expect(await eventually(outcomes, (all) => !all.includes('scheduled'))).toEqual(['started', 'failed', 'started'])
  })

  it('starts a run requested for a later time at that time', async () => {
    const name = await bench.make({ ...greet })
    const at = Date.now() + 1500
    const { firing } = await t.call('automations.runAt', { automation: name, at: new Date(at).toISOString() })
    expect(firing).toMatchObject({ outcome: 'scheduled', firesAt: new Date(at).toISOString(), runId: null })
    expect(await bench.firings(name)).toMatchObject([{ outcome: 'scheduled', cause: 'manual' }])
    const [fired] = await eventually(
      () => bench.firings(name),
      ([row]) => row?.outcome === 'started',
    )
    expect(Date.parse(fired?.decidedAt ?? '')).toBeGreaterThanOrEqual(at)
  })
})

async function readTrouble(name: string): Promise<string | null> {
  const { rows } = await t.database.transaction(t.org, 'read only', ({ client }) =>
    client.query<{ trouble: string | null }>(
      'select t.trouble from app.trigger t join app.automation a using (org_id, automation_id) where a.name = $1',
      [name],
    ),
  )
  return rows[0]?.trouble ?? null
}
