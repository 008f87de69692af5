/**
 * Schedules fire at chosen instants, and a real engine runs what they start. Goal: overlap, misfire, pause, snooze, limits and backfills do
 * what the definition says.
 */
import type { OutputOf } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { eventually as eventuallyWithin } from '../../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'
import { listViolations } from '../../../../kernel/src/database/list-violations.ts'
import { runSweepAt } from '../../testing/run-sweep-at.fixture.ts'
import { type AutomationBench, benchOf, hourMs, minuteMs } from '../automations.fixture.ts'

let t: TestCore
let bench: AutomationBench

vi.setConfig({ testTimeout: 60_000 })

beforeAll(async () => {
  t = await startTestCore()
  await t.deploy()
  await t.core.start()
  bench = benchOf(t)
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

/** Runs until the test answers it. */
const approval = { workflow: { name: 'approval' } } as const
const greet = { workflow: { name: 'greeting', input: { name: 'Ada' } } } as const
const hourly = { schedule: 'every 1h' } as const

const outcomes = async (name: string) =>
  (await bench.firings(name)).map(({ outcome, reason }) => (reason === null ? outcome : `${outcome}: ${reason}`))
/** Ends of runs arrive through the event log, which a long transaction of another user of the same PostgreSQL delays. */
const eventually = <T>(ask: () => Promise<T>, good: (answer: T) => boolean) => eventuallyWithin(ask, good, 50_000)
const statusOf = async (runId: string | null) => (await t.call('runs.get', { runId: runId ?? '' })).status
/** Changes the state of an automation's schedule. */
const changeTrigger = (name: string, change: string) =>
  t.database.transaction(t.org, 'read write', ({ client }) =>
    client.query(
      `update app.trigger t set ${change} from app.automation a
       where a.org_id = t.org_id and a.automation_id = t.automation_id and a.name = $1`,
      [name],
    ),
  )
const ended = (runId: string | null) =>
  eventually(
    () => statusOf(runId),
    (status) => ['succeeded', 'failed', 'cancelled'].includes(status),
  )

describe('an overlap policy', () => {
  it('skip: skips a start while a run is in progress', async () => {
    const name = await bench.make({ ...hourly, ...approval })
    const first = await bench.fireNext(name)
    await bench.fireNext(name)
    expect(await outcomes(name)).toEqual(['started', 'skipped: overlap'])
    await bench.answer(first.runId)
    expect(await bench.fireNext(name)).toMatchObject({ outcome: 'started' })
  })

  it('buffer_one: starts the first waiting start after the run, and skips further ones', async () => {
    const name = await bench.make({ ...hourly, ...approval, overlap: 'buffer_one' })
    const first = await bench.fireNext(name)
    await bench.fireNext(name)
    await bench.fireNext(name)
    expect(await outcomes(name)).toEqual(['started', 'buffered', 'skipped: overlap'])
    await bench.answer(first.runId)
    await eventually(
      () => outcomes(name),
      (all) => all.filter((one) => one === 'started').length === 2,
    )
  })

  it('buffer_all: starts all waiting starts, one after another', async () => {
    const name = await bench.make({ ...hourly, ...approval, overlap: 'buffer_all' })
    const nominals: string[] = []
    for (let count = 0; count < 3; count++) nominals.push((await bench.fireNext(name)).nominalAt)
    for (const nominalAt of nominals) {
      const running = await eventually(
        async () => (await bench.firings(name)).filter(({ outcome, runStatus }) => outcome === 'started' && runStatus !== 'succeeded'),
        (rows) => rows[0]?.nominalAt === nominalAt,
      )
      expect(running).toHaveLength(1)
      await bench.answer(running[0]?.runId ?? null)
    }
    await bench.allEnded(name)
    expect(await outcomes(name)).toEqual(['started', 'started', 'started'])
  })

  it('buffer_all: continues after a start that dedupe answers with an earlier run', async () => {
    const name = await bench.make({ ...approval, overlap: 'buffer_all', dedupe: { key: '${event.id}', window: '1h' } })
    const run = (id: string) => t.call('automations.runNow', { automation: name, event: { id } })
    const first = await run('a')
    for (const id of ['a', 'a', 'b']) await run(id)
    expect(await outcomes(name)).toEqual(['started', 'buffered', 'buffered', 'buffered'])
    await bench.answer(first.runId)
    await eventually(
      () => outcomes(name),
      (all) => all.toSorted().join() === 'existing,existing,started,started',
    )
  })

  it.each(['cancel_other', 'terminate_other'] as const)('%s: ends the run in progress and starts the newest', async (overlap) => {
    const name = await bench.make({ ...hourly, ...approval, overlap })
    const first = await bench.fireNext(name)
    // Both occurrences in one call: in between, the end of the first run could start the earlier one.
    await bench.fireAt((await bench.nextMs(name)) + hourMs)
    await ended(first.runId)
    expect(await statusOf(first.runId)).toBe('cancelled')
    await eventually(
      () => outcomes(name),
      (all) => all.filter((one) => one === 'started').length === 2,
    )
    expect((await outcomes(name)).filter((one) => one === 'buffered')).toEqual([])
  })

  it('allow_all: runs them in parallel', async () => {
    const name = await bench.make({ ...hourly, ...approval, overlap: 'allow_all' })
    const runs = [await bench.fireNext(name), await bench.fireNext(name)]
    expect(await outcomes(name)).toEqual(['started', 'started'])
    for (const { runId } of runs) await bench.answer(runId)
  })

  it('uses the overlap policy of automations.runNow instead of that of the automation', async () => {
    const name = await bench.make({ ...hourly, ...approval })
    await bench.fireNext(name)
    expect((await t.call('automations.runNow', { automation: name })).firing).toMatchObject({
      outcome: 'skipped',
      reason: 'overlap',
      cause: 'manual',
    })
    expect((await t.call('automations.runNow', { automation: name, overlap: 'allow_all' })).firing).toMatchObject({ outcome: 'started' })
  })
})

describe('the misfire policy', () => {
  const late = async (misfire: 'all' | 'latest' | 'none', catchUpWindow: string) => {
    const name = await bench.make({
      triggers: [{ type: 'schedule', schedule: 'every 1h', misfire, catchUpWindow }],
      overlap: 'allow_all',
      ...greet,
    })
    const first = await bench.nextMs(name)
    await bench.fireAt(first + 9 * hourMs + 30 * minuteMs)
    return (await bench.firings(name)).map(({ outcome, reason, count, nominalAt }) => [
      reason ?? outcome,
      count,
      (Date.parse(nominalAt) - first) / hourMs,
    ])
  }

  it('all: fires each late occurrence within the catch-up window', async () => {
    const shown = await late('all', '4h')
    expect(shown.filter(([what]) => what === 'started').map(([, , at]) => at)).toEqual([6, 7, 8, 9])
    expect(shown.filter(([what]) => what === 'catch_up_window')).toEqual([['catch_up_window', 6, 0]])
  })

  it('latest: fires only the latest occurrence', async () => {
    const shown = await late('latest', '1d')
    expect(shown.toSorted()).toEqual([
      ['coalesced', 9, 0],
      ['started', 1, 9],
    ])
  })

  it('none: fires no late occurrence', async () => {
    expect(await late('none', '1d')).toEqual([['misfire', 10, 0]])
  })
})

describe('an automation', () => {
  it('ends an automation after the last firing that its limit allows', async () => {
    const name = await bench.make({ triggers: [{ type: 'schedule', schedule: 'every 1h', limit: 2 }], ...greet, overlap: 'allow_all' })
    await bench.fireNext(name)
    expect(await bench.fireNext(name)).toMatchObject({ outcome: 'started' })
    const shown = await t.call('automations.get', { automation: name })
    expect([shown.status, shown.nextAt, shown.triggers[0]?.remaining]).toEqual(['ended', null, 0])
    expect((await t.call('automations.runNow', { automation: name })).firing.outcome).toBe('started')
  })

  it('ends an automation after the last occurrence of its rule, and activates it again with a new schedule', async () => {
    const at = new Date(Date.now() + hourMs).toISOString()
    const name = await bench.make({ schedule: at, ...greet })
    expect(await bench.fireNext(name)).toMatchObject({ outcome: 'started', nominalAt: at })
    expect(await t.call('automations.get', { automation: name })).toMatchObject({ status: 'ended' })
    const again = await t.call('automations.update', { automation: name, schedule: 'every 1h' })
    expect(again.status).toBe('active')
  })
})

describe('a pause', () => {
  it('records the occurrences during a pause as one skip', async () => {
    const name = await bench.make({ schedule: 'every 1s', ...greet, overlap: 'allow_all' })
    const paused = await t.call('automations.pause', { automation: name, note: 'Holidays' })
    expect([paused.status, paused.note, paused.nextAt]).toEqual(['paused', 'Holidays', null])
    await bench.fireAt(Date.now() + hourMs)
    expect(await bench.firings(name)).toEqual([])
    await changeTrigger(name, `cursor_at = cursor_at - interval '1 minute'`)
    const resumed = await t.call('automations.resume', { automation: name })
    expect([resumed.status, resumed.note]).toEqual(['active', null])
    const [skipped] = await bench.firings(name)
    expect(skipped).toMatchObject({ outcome: 'skipped', reason: 'paused' })
    expect(skipped?.count).toBeGreaterThanOrEqual(60)
    expect(Date.parse(resumed.nextAt ?? '')).toBeGreaterThan(Date.parse(resumed.updatedAt))
  })

  it('pauses an automation after pauseAfterFailures failed runs in a row, and resets the count when it is resumed', async () => {
    const name = await bench.make({
      ...hourly,
      workflow: { name: 'fragile', input: { good: false } },
      pauseAfterFailures: 2,
      overlap: 'allow_all',
    })
    await ended((await bench.fireNext(name)).runId)
    await bench.allEnded(name)
    expect(await t.call('automations.get', { automation: name })).toMatchObject({ status: 'active', failures: 1 })
    await bench.fireNext(name)
    await bench.allEnded(name)
    const paused = await t.call('automations.get', { automation: name })
    expect(paused).toMatchObject({ status: 'paused', failures: 2, note: '2 runs in a row have failed.' })
    const noted = { action: 'automation.paused', actorType: 'system', detail: { note: paused.note } }
    expect((await t.call('audit.list', { subject: paused.id })).items[0]).toMatchObject(noted)
    expect(await t.call('automations.resume', { automation: name })).toMatchObject({ status: 'active', failures: 0 })
  })

  it('skips buffered starts of schedules, but not requested runs, while an automation is paused', async () => {
    const name = await bench.make({ ...hourly, ...approval, pauseAfterFailures: 1, overlap: 'buffer_all' })
    const first = await bench.fireNext(name)
    for (let count = 0; count < 3; count++) await bench.fireNext(name)
    await t.call('automations.update', { automation: name, workflow: { name: 'fragile', input: { good: false } } })
    await bench.answer(first.runId)
    await eventually(
      () => outcomes(name),
      (all) => all.toSorted().join() === 'skipped: paused,skipped: paused,started,started',
    )
    expect(await t.call('automations.get', { automation: name })).toMatchObject({ status: 'paused', failures: 1 })
    await t.call('automations.runNow', { automation: name })
    expect((await outcomes(name)).filter((one) => one === 'started')).toHaveLength(3)
  })

  it('pauses an automation at the first failure among several buffered starts', async () => {
    const name = await bench.make({ ...hourly, ...approval, pauseAfterFailures: 1, overlap: 'buffer_all' })
    const first = await bench.fireNext(name)
    for (let count = 0; count < 2; count++) await bench.fireNext(name)
    await t.call('automations.update', { automation: name, workflow: { name: 'greeting', input: { name: '${params.missing}' } } })
    await bench.answer(first.runId)
    await eventually(
      () => outcomes(name),
      (all) => all.map((one) => one.replace(/^failed: .*/, 'failed')).join() === 'failed,skipped: paused,started',
    )
  })

  it('pauses an automation after a failed start', async () => {
    const name = await bench.make({
      ...hourly,
      workflow: { name: 'greeting', input: { name: '${params.missing}' } },
      pauseAfterFailures: 1,
    })
    expect(await bench.fireNext(name)).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('missing') })
    expect(await t.call('automations.get', { automation: name })).toMatchObject({ status: 'paused' })
  })
})

describe('a start that the workflow refuses', () => {
  it('says what was wrong in the words of people', async () => {
    const name = await bench.make({ ...hourly, workflow: { name: 'greeting', input: { name: 5 } } })
    const reason = 'input.name: Expected a text, got a number'
    expect(await bench.fireNext(name)).toMatchObject({ outcome: 'failed', reason })
  })
})

describe('a snooze', () => {
  it('defers occurrences until a snooze ends', async () => {
    const name = await bench.make({ ...hourly, ...greet })
    const first = await bench.nextMs(name)
    const until = new Date(first + 30 * minuteMs).toISOString()
    const shown = await t.call('automations.snooze', { automation: name, until })
    expect([shown.status, shown.snoozedUntil, shown.nextAt]).toEqual(['snoozed', until, until])
    await bench.fireAt(first + minuteMs)
    expect(await bench.firings(name)).toEqual([])
    await bench.fireAt(Date.parse(until))
    expect(await bench.firings(name)).toMatchObject([{ outcome: 'started', nominalAt: new Date(first).toISOString() }])
  })

  it('ends a snooze early when the automation is resumed', async () => {
    const name = await bench.make({ ...hourly, ...greet })
    const next = await bench.nextMs(name)
    await t.call('automations.snooze', { automation: name, for: '7d' })
    const shown = await t.call('automations.resume', { automation: name })
    expect([shown.status, Date.parse(shown.nextAt ?? '')]).toEqual(['active', next])
  })
})

describe('automations.skipNext', () => {
  it('skips the next occurrences and records them', async () => {
    const name = await bench.make({ ...hourly, ...greet })
    await t.call('automations.skipNext', { automation: name, count: 2 })
    for (let count = 0; count < 3; count++) await bench.fireNext(name)
    expect(await outcomes(name)).toEqual(['skipped: skip_next', 'skipped: skip_next', 'started'])
    const unnamed = t.call('automations.skipNext', { automation: name, trigger: 'other' })
    await expect(unnamed).rejects.toMatchObject({ code: 'automation.trigger_not_found' })
  })
})

describe('automations.runNow', () => {
  it('passes params and event to the run, and does not change the schedule', async () => {
    const name = await bench.make({
      ...hourly,
      workflow: { name: 'greeting', input: { name: '${params.who} in ${event.place}' } },
      params: { who: 'Ada' },
    })
    const next = await bench.nextMs(name)
    const { runId, firing } = await t.call('automations.runNow', { automation: name, params: { who: 'Bob' }, event: { place: 'Rome' } })
    expect(firing).toMatchObject({ cause: 'manual', outcome: 'started', triggerKey: null })
    expect(await t.call('runs.result', { runId: runId ?? '', timeout: '10s' })).toMatchObject({ output: { text: 'Hello Bob in Rome' } })
    expect(await bench.nextMs(name)).toBe(next)
  })

  it('starts a run that bears the name of the automation in runs.get and runs.list, and so do its repetitions and no other run', async () => {
    const name = await bench.make({ workflow: { name: 'fragile', input: { good: false } } })
    const { runId } = await t.call('automations.runNow', { automation: name })
    await ended(runId)
    const again = await t.call('runs.retry', { runId: runId ?? '' })
    await ended(again.runId)
    const last = await t.call('runs.retry', { runId: again.runId })
    const own = await t.call('runs.start', { workflow: 'greeting', input: { name: 'Ada' } })
    for (const id of [runId, again.runId, last.runId])
      expect(await t.call('runs.get', { runId: id ?? '' })).toMatchObject({ automation: name })
    const listed = new Map((await t.call('runs.list', { limit: 200 })).items.map((run) => [run.id, run.automation]))
    expect([runId, again.runId, last.runId, own.runId].map((id) => listed.get(id as typeof own.runId))).toEqual([name, name, name, null])
  })

  it('starts one run for repeated calls with the same idempotency key', async () => {
    const name = await bench.make({ ...greet })
    const ask = () => t.call('automations.runNow', { automation: name }, { idempotencyKey: `once-${name}` })
    expect((await ask()).runId).toBe((await ask()).runId)
    expect(await bench.firings(name)).toHaveLength(1)
  })
})

describe('a schedule', () => {
  it('fires each occurrence once even if its state is set back', async () => {
    const name = await bench.make({ ...hourly, ...greet, overlap: 'allow_all' })
    const first = await bench.fireNext(name)
    // Before that, the row may be locked, and schedulers skip locked rows.
    await bench.allEnded(name)
    await changeTrigger(name, `cursor_at = cursor_at - interval '1 hour', wakes_at = '${first.nominalAt}'`)
    expect((await bench.fireAt(Date.parse(first.nominalAt))).count).toBeGreaterThanOrEqual(1)
    expect(await bench.firings(name)).toMatchObject([{ id: first.id, outcome: 'started', runId: first.runId }])
    const runs = await t.call('runs.list', { tag: first.automationId, limit: 50 })
    expect(runs.items.map(({ id }) => id)).toEqual([first.runId])
  })

  it('reports the unusable calendar of a schedule, and continues once the calendar is usable again', async () => {
    const { call } = t
    await t.answer('calendars.put', { calendar: 'office', zone: 'UTC', layers: [] })
    const name = await bench.make({
      schedule: { include: [{ kind: 'interval', every: '1h' }], calendar: { id: 'office', roll: 'skip' } },
      ...greet,
    })
    const next = await bench.nextMs(name)
    const spoil = async (zone: string) => {
      const superuser = new pg.Client({ connectionString: t.url })
      await superuser.connect()
      await superuser.query(`update app.calendar_version set definition = jsonb_set(definition::jsonb, '{zone}', $1)::json`, [`"${zone}"`])
      await superuser.query('update app.calendar set updated_at = clock_timestamp()')
      await superuser.end()
    }
    await spoil('Mars/Olympus')
    await bench.fireAt(next)
    const [trigger] = (await call('automations.get', { automation: name })).triggers
    expect(trigger?.trouble).toMatch(/^calendar/)
    // The schedule is tried again soon, but its next firing is unknown.
    expect((await call('automations.get', { automation: name })).nextAt).toBeNull()
    expect((await call('automations.list', { text: name })).items.find((one) => one.name === name)?.nextAt).toBeNull()
    await spoil('UTC')
    await bench.fireAt(next + minuteMs)
    expect(await outcomes(name)).toEqual(['started'])
  })
})

describe('firings', () => {
  it('deletes firings after 90 days, unless they are buffered or their run is in progress', async () => {
    const name = await bench.make({ ...hourly, ...approval, overlap: 'buffer_all' })
    const first = await bench.fireNext(name)
    await bench.fireNext(name)
    const dayMs = 24 * hourMs
    await runSweepAt(t, 'firings', Date.now() + 91 * dayMs)
    expect(await outcomes(name)).toEqual(['started', 'buffered'])
    await bench.answer(first.runId)
    await eventually(
      () => outcomes(name),
      (all) => all.every((one) => one === 'started'),
    )
    await runSweepAt(t, 'firings', Date.now() + 91 * dayMs)
    expect(await bench.firings(name)).toHaveLength(1)
  })
})

describe('a change of a calendar', () => {
  it('moves the next times of the schedules that use the calendar', async () => {
    t.core.clock.start()
    const put = (days: { date: string; name: string }[]) =>
      t.answer('calendars.put', { calendar: 'works', zone: 'UTC', layers: [{ kind: 'days', days }] })
    await put([])
    const schedule = { include: [{ kind: 'cron', cron: '0 9 * * *' }], calendar: { id: 'works', roll: 'skip' } } as const
    const name = await bench.make({ schedule: { ...schedule, include: [...schedule.include] }, ...greet })
    const next = await bench.nextMs(name)
    await put([{ date: new Date(next).toISOString().slice(0, 10), name: 'Holiday' }])
    await eventually(
      () => bench.nextMs(name),
      (at) => at === next + 24 * hourMs,
    )
    expect(await bench.firings(name)).toEqual([])
  })
})

describe('automations.firings', () => {
  it('pages from the newest firing to the oldest, and filters by outcome', async () => {
    const automation = await bench.make({ ...hourly, ...approval })
    for (let count = 0; count < 3; count++) await bench.fireNext(automation)
    const all = (await bench.firings(automation)).toReversed()
    expect(all.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'started'])
    const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id)
    const first = await t.call('automations.firings', { automation, limit: 2 })
    const second = await t.call('automations.firings', { automation, limit: 2, cursor: first.nextCursor ?? '' })
    expect([idsOf(first.items), idsOf(second.items), second.nextCursor]).toEqual([idsOf(all.slice(0, 2)), idsOf(all.slice(2)), null])
    expect(idsOf((await t.call('automations.firings', { automation, outcome: 'started' })).items)).toEqual(idsOf(all.slice(2)))
    await bench.answer(all[2]?.runId ?? null)
  })
})

describe('a backfill', () => {
  it('runs each occurrence of a backfill in order, with the cause backfill', async () => {
    t.core.clock.start()
    const name = await bench.make({ schedule: { include: [{ kind: 'interval', every: '1h' }] }, ...greet })
    const [from, to] = ['2026-01-01T00:00:00.000Z', '2026-01-01T05:00:00.000Z']
    const asked = await t.call('automations.backfill', { automation: name, from, to })
    expect(asked.occurrences).toBe(6)
    const done = await eventually(
      () => bench.firings(name),
      (rows) => rows.length === 6 && rows.every(({ runStatus }) => runStatus === 'succeeded'),
    )
    const startedAt = (row: OutputOf<'automations.firings'>['items'][number]) => [row.decidedAt, row.nominalAt].join()
    const nominals = done.toSorted((a, b) => (startedAt(a) < startedAt(b) ? -1 : 1)).map(({ nominalAt }) => nominalAt)
    expect(nominals).toEqual([0, 1, 2, 3, 4, 5].map((hour) => `2026-01-01T0${hour}:00:00.000Z`))
    expect(new Set(done.map(({ cause }) => cause))).toEqual(new Set(['backfill']))
  })

  it('records where a backfill stopped, and why', async () => {
    t.core.clock.start()
    const name = await bench.make({ schedule: { include: [{ kind: 'interval', every: '1h' }] }, ...greet })
    const [from, to] = ['2026-01-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z']
    await t.call('automations.backfill', { automation: name, from, to })
    await t.call('automations.update', { automation: name, schedule: null, triggers: [{ type: 'webhook' }] })
    const reason = 'The backfill stopped here: Its trigger does not exist any more.'
    await eventually(
      () => bench.firings(name),
      (rows) => rows.some((row) => row.cause === 'backfill' && row.outcome === 'failed' && row.reason === reason),
    )
  })

  it('rejects a backfill with a reversed range, a range in the future, or too many occurrences', async () => {
    const name = await bench.make({ schedule: 'every 1s', ...greet })
    const ask = (from: string, to: string) => t.call('automations.backfill', { automation: name, from, to })
    await expect(ask('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z')).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(ask('2026-01-01T00:00:00Z', '2096-01-01T00:00:00Z')).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(ask('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z')).rejects.toMatchObject({ code: 'invalid_input' })
  })
})
