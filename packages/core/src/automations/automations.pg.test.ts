/**
 * Operations on automations over a real database: create, apply, update, delete, list and preview. Goal: definitions are checked
 * completely, and unchanged triggers keep their state. Runs are not the subject here.
 */
import { readFileSync } from 'node:fs'
import { PERMISSION_SETS } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { listViolations } from '../../../kernel/src/database/list-violations.ts'
import { type AutomationBench, benchOf, hourMs } from './automations.fixture.ts'

let t: TestCore
let bench: AutomationBench

beforeAll(async () => {
  t = await startTestCore()
  await t.deploy()
  bench = benchOf(t)
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

const greet = { workflow: { name: 'greeting', input: { name: 'Ada' } } } as const
const refused = (code: string, path?: string) => ({ code, ...(path === undefined ? {} : { extra: { errors: [{ path }] } }) })
const clock = { pipeline: [{ id: 'now', uses: 'time.now' }] }

describe('automations.create', () => {
  it('accepts the short form of a schedule, and shows its meaning', async () => {
    const made = await t.call('automations.create', {
      title: 'Morning news',
      schedule: 'FREQ=DAILY;BYHOUR=7;BYMINUTE=30',
      timezone: 'America/New_York',
      ...greet,
    })
    expect(made).toMatchObject({ name: 'morning-news', title: 'Morning news', version: 1, status: 'active', warnings: [] })
    expect(made.triggers).toMatchObject([
      { key: 'schedule', type: 'schedule', summary: 'Every day at 07:30 (America/New_York)', trouble: null },
    ])
    expect(new Date(made.nextAt ?? '').toLocaleTimeString('en-GB', { timeZone: 'America/New_York' })).toBe('07:30:00')
    expect(await t.call('automations.get', { automation: made.id })).toEqual(made)
    expect(await t.call('automations.get', { automation: 'morning-news' })).toEqual(made)
  })

  it('accepts the daily briefing example once its tools exist', async () => {
    const text = readFileSync(new URL('../../../../examples/daily-briefing/daily-briefing.json', import.meta.url), 'utf8')
    const definition = JSON.parse(text)
    await expect(t.answer('automations.create', definition)).rejects.toMatchObject({ code: 'pipeline.invalid' })
    for (const tool of ['analytics.business_metrics', 'llm.analyze', 'llm.executive_summary', 'communication.send_executive_summary']) {
      await t.answer('tools.put', {
        tool,
        definition: {
          description: tool,
          inputSchema: { type: 'object' },
          outputSchema: {},
          implementation: { kind: 'builtin', builtIn: 'time.now' },
        },
      })
    }
    const made = await t.call('automations.create', definition)
    expect(made).toMatchObject({ name: 'daily-executive-briefing', warnings: [] })
  })

  it.each([
    ['0 9 * * MON-FRI', 'Europe/Berlin'],
    ['*/10 * * * * *', 'UTC'],
    ['every 90m', 'UTC'],
    ['2099-01-01T09:00', 'Asia/Tokyo'],
    ['RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU', 'America/New_York'],
  ])('reads the schedule %s', async (schedule, timezone) => {
    const made = await t.call('automations.create', { name: `short-${schedule.length}-${timezone.length}`, schedule, timezone, ...greet })
    expect(Date.parse(made.nextAt ?? '')).toBeGreaterThan(Date.now())
  })

  it.each([
    ['neither name nor title', { ...greet }, 'invalid_input', 'name'],
    ['a title without Latin letters or digits, from which no name can be derived', { title: '朝刊', ...greet }, 'invalid_input', 'name'],
    ['nothing to run', { name: 'x' }, 'invalid_input', 'pipeline'],
    ['two things to run', { name: 'x', ...greet, ...clock }, 'invalid_input', 'workflow'],
    ['an invalid cron expression', { name: 'x', schedule: '99 * * * *', ...greet }, 'schedule.invalid', 'schedule'],
    [
      'an invalid rule',
      { name: 'x', triggers: [{ type: 'schedule', schedule: { include: [{ kind: 'rrule', rrule: 'FREQ=NEVER' }] } }], ...greet },
      'schedule.invalid',
      'triggers[0].schedule.include[0].rrule',
    ],
    ['a time that has passed', { name: 'x', schedule: '2020-01-01T00:00Z', ...greet }, 'schedule.invalid', 'schedule'],
    ['an unknown time zone', { name: 'x', timezone: 'Mars/Olympus', ...greet }, 'invalid_input', 'timezone'],
    [
      'an unknown calendar',
      { name: 'x', schedule: { include: [{ kind: 'cron', cron: '0 9 * * *' }], calendar: { id: 'nowhere', roll: 'next' } }, ...greet },
      'schedule.invalid',
      'schedule.calendar.id',
    ],
    ['an unknown workflow', { name: 'x', workflow: { name: 'nothing' } }, 'invalid_input', 'workflow.name'],
    ['an unknown version', { name: 'x', workflow: { name: 'greeting', version: 'f'.repeat(64) } }, 'invalid_input', 'workflow.version'],
    ['a reserved workflow', { name: 'x', workflow: { name: 'orrery.pipeline' } }, 'invalid_input', 'workflow.name'],
    ['retry options for a workflow', { name: 'x', retry: { max: 3 }, ...greet }, 'invalid_input', 'retry'],
    ['an invalid topic', { name: 'x', triggers: [{ type: 'event', topic: 'a..b' }], ...greet }, 'invalid_input', 'triggers[0].topic'],
    [
      'a filter with a syntax error',
      { name: 'x', triggers: [{ type: 'event', topic: 'a', filter: 'event.(' }], ...greet },
      'invalid_input',
      'triggers[0].filter',
    ],
    [
      'two triggers with the same key',
      {
        name: 'x',
        triggers: [
          { type: 'webhook', key: 'a' },
          { type: 'event', key: 'a', topic: 'b' },
        ],
        ...greet,
      },
      'invalid_input',
      'triggers[1].key',
    ],
  ])('rejects %s', async (_, input, code, path) => {
    await expect(t.answer('automations.create', input)).rejects.toMatchObject(refused(code, path))
  })

  it('rejects a pipeline with an invalid step, naming the step and the path', async () => {
    const pipeline = [{ id: 'one', uses: 'time.now', with: { timezone: 5 } }]
    const refusal = { code: 'pipeline.invalid', extra: { errors: [{ step: 'one', path: 'pipeline[0].with.timezone' }] } }
    await expect(t.answer('automations.create', { name: 'bad', pipeline })).rejects.toMatchObject(refusal)
    await expect(t.call('automations.create', { name: 'bad', pipeline: 'unheard' })).rejects.toMatchObject({ code: 'pipeline.not_found' })
  })

  it('warns of a schedule that never occurs, of skipped months and of times that daylight saving removes', async () => {
    const impossible = await t.call('automations.create', { name: 'never', schedule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', ...greet })
    expect([impossible.status, impossible.warnings]).toEqual([
      'ended',
      ['It never occurs.', 'It leaves out the months that do not have its day.'],
    ])
    const spring = await t.call('automations.create', { name: 'spring', schedule: '30 2 * * *', timezone: 'America/New_York', ...greet })
    expect(spring.warnings.join()).toMatch(/02:30 does not exist in America\/New_York/)
  })

  it('rejects scopes that the key may not grant', async () => {
    const scopes = PERMISSION_SETS.operator
    const { secret } = await t.call('keys.create', { name: 'operator', scopes: [...scopes] })
    const asOperator = { key: secret ?? '' }
    await expect(t.call('automations.create', { name: 'scoped', ...clock, scopes: ['mail:send'] }, asOperator)).rejects.toMatchObject({
      code: 'forbidden',
    })
    await t.call('automations.create', { name: 'scoped', ...clock, scopes: ['mail:send'] })
    // Otherwise the operator could run its own steps with scopes that another key granted.
    await expect(t.call('automations.update', { automation: 'scoped', title: 'Mine' }, asOperator)).rejects.toMatchObject({
      code: 'forbidden',
    })
    await t.call('automations.update', { automation: 'scoped', scopes: null }, asOperator)
  })

  it('rejects a name that is taken, and a name that looks like an id', async () => {
    const made = await t.call('automations.create', { name: 'taken', ...greet })
    await expect(t.call('automations.create', { name: 'taken', ...greet })).rejects.toMatchObject({ code: 'automation.name_taken' })
    await expect(t.call('automations.create', { name: made.id, ...greet })).rejects.toMatchObject({ code: 'invalid_input' })
  })
})

describe('automations.apply', () => {
  it('creates one automation when it is called several times at once, and answers each call with it', async () => {
    const apply = () => t.call('automations.apply', { name: 'at-once', ...greet })
    const made = await Promise.all([apply(), apply(), apply(), apply()])
    expect(made.map(({ outcome }) => outcome).sort()).toEqual(['created', 'unchanged', 'unchanged', 'unchanged'])
  })

  it('creates a new automation, leaves an equal one unchanged, and replaces a different one', async () => {
    const file = { name: 'filed', schedule: 'FREQ=DAILY;INTERVAL=3;BYHOUR=4', ...greet }
    const first = await t.call('automations.apply', file)
    expect(first).toMatchObject({ outcome: 'created', version: 1 })
    expect(await t.call('automations.apply', file)).toMatchObject({ outcome: 'unchanged', version: 1 })
    const second = await t.call('automations.apply', { ...file, title: 'Filed' })
    expect(second).toMatchObject({ outcome: 'updated', version: 2, title: 'Filed', id: first.id })
    // The rule keeps the start that was filled in when it was first saved.
    expect(second.triggers).toEqual(first.triggers)
  })
})

describe('automations.update', () => {
  it('changes only the given members, and keeps each version', async () => {
    const automation = await bench.make({ schedule: 'every 1h', tags: ['a'], ...greet })
    const changed = await t.call('automations.update', { automation, title: 'New', tags: null })
    expect(changed).toMatchObject({ version: 2, title: 'New' })
    expect(changed.definition).toEqual({ name: automation, schedule: 'every 1h', title: 'New', ...greet })
    const { items, nextCursor } = await t.call('automations.versions', { automation, limit: 1 })
    const rest = await t.call('automations.versions', { automation, cursor: nextCursor ?? '' })
    expect([...items, ...rest.items].map(({ version, definition }) => [version, definition.tags])).toEqual([
      [2, undefined],
      [1, ['a']],
    ])
    const stale = t.call('automations.update', { automation, title: 'Other', ifVersion: 1 })
    await expect(stale).rejects.toMatchObject({ code: 'automation.version_conflict' })
    await expect(t.call('automations.update', { automation, pipeline: null, workflow: null })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  it('keeps the state of triggers that did not change', async () => {
    const triggers = [
      { type: 'schedule', key: 'hourly', schedule: 'every 1h', limit: 5 },
      { type: 'schedule', key: 'daily', schedule: 'every 1d' },
    ] as const
    const automation = await bench.make({ triggers: [...triggers], ...greet })
    await bench.fireNext(automation)
    const before = await t.call('automations.get', { automation })
    expect(before.triggers[0]).toMatchObject({ key: 'hourly', remaining: 4 })
    const [hourly, daily] = triggers
    const after = await t.call('automations.update', { automation, triggers: [{ ...daily, schedule: 'every 2d' }, hourly] })
    const byKey = (key: string, of: typeof after) => of.triggers.find((one) => one.key === key)
    expect(byKey('hourly', after)).toEqual(byKey('hourly', before))
    expect(byKey('daily', after)?.id).toBe(byKey('daily', before)?.id)
    expect(byKey('daily', after)?.summary).toBe('Every 2d (UTC)')
    const fewer = await t.call('automations.update', { automation, triggers: [daily] })
    expect(fewer.triggers.map(({ key }) => key)).toEqual(['daily'])
  })
})

describe('a schedule whose times have passed', () => {
  it('accepts other changes of an automation whose times have passed, but rejects such times in a new trigger', async () => {
    const at = new Date(Date.now() + 500).toISOString()
    const name = await bench.make({ triggers: [{ type: 'schedule', schedule: at }, { type: 'webhook' }], ...greet })
    await eventually(
      async () => t.engine.now(),
      (now) => now > Date.parse(at) + 10,
    )
    const changed = await t.call('automations.update', { automation: name, title: 'Other' })
    expect([changed.title, changed.warnings[0]]).toEqual(['Other', expect.stringContaining('all its times have passed')])
    const triggers = [{ type: 'schedule' as const, schedule: '2020-01-01T00:00:00Z' }]
    const again = t.call('automations.update', { automation: name, triggers })
    await expect(again).rejects.toMatchObject(refused('schedule.invalid', 'triggers[0].schedule'))
  })
})

describe('automations.list', () => {
  it('filters by text and status, and returns pages', async () => {
    for (const number of [1, 2, 3]) await t.call('automations.create', { name: `page-${number}`, title: `Leaf ${number}`, ...greet })
    await t.call('automations.pause', { automation: 'page-2', note: 'later' })
    const found = await t.call('automations.list', { text: 'leaf', limit: 2 })
    expect(found.items.map(({ name }) => name)).toEqual(['page-3', 'page-2'])
    const rest = await t.call('automations.list', { text: 'leaf', limit: 2, cursor: found.nextCursor ?? '' })
    expect([rest.items.map(({ name }) => name), rest.nextCursor]).toEqual([['page-1'], null])
    const paused = await t.call('automations.list', { status: 'paused', limit: 50 })
    expect(paused.items).toMatchObject([{ name: 'page-2', note: 'later' }])
  })

  it('returns automations of one organization only', async () => {
    const key = await t.otherOrg('Elsewhere')
    expect((await t.call('automations.list', { limit: 50 }, { key })).items).toEqual([])
    await expect(t.call('automations.get', { automation: 'page-1' }, { key })).rejects.toMatchObject({ code: 'automation.not_found' })
  })
})

describe('automations.delete', () => {
  it('removes the automation together with its triggers', async () => {
    const automation = await bench.make({ schedule: 'every 1h', ...greet })
    await bench.fireNext(automation)
    await t.call('automations.delete', { automation })
    await expect(t.call('automations.get', { automation })).rejects.toMatchObject({ code: 'automation.not_found' })
    expect((await bench.fireAt(Date.now() + 100 * 3_600_000)).facts.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  })
})

describe('automations.preview', () => {
  it('shows the next occurrences in two zones, with the days on which clocks change', async () => {
    const definition = { schedule: 'FREQ=DAILY;BYHOUR=2;BYMINUTE=30', timezone: 'America/New_York' }
    const from = '2027-03-13T00:00:00.000Z'
    const shown = await t.call('automations.preview', { definition, from, count: 3, timezone: 'Europe/Berlin' })
    expect(shown.occurrences.map(({ local, clocks, viewerLocal }) => [local, clocks, viewerLocal])).toEqual([
      ['2027-03-13T02:30:00-05:00', null, '2027-03-13T08:30:00+01:00'],
      ['2027-03-14T03:30:00-04:00', 'forward', '2027-03-14T08:30:00+01:00'],
      ['2027-03-15T02:30:00-04:00', null, '2027-03-15T07:30:00+01:00'],
    ])
    expect(shown.warnings.join()).toMatch(/does not exist/)
  })

  it('leaves out occurrences that will be skipped, and ends at the limit of firings', async () => {
    const definition = { triggers: [{ type: 'schedule' as const, schedule: 'every 1h', limit: 2 }], ...greet }
    const automation = await bench.make(definition)
    const next = await bench.nextMs(automation)
    const hours = async () =>
      (await t.call('automations.preview', { automation })).occurrences.map(({ firesAt }) => (Date.parse(firesAt) - next) / hourMs)
    expect(await hours()).toEqual([0, 1])
    await t.call('automations.skipNext', { automation, count: 3 })
    expect(await hours()).toEqual([3, 4])
    expect((await t.call('automations.preview', { definition })).occurrences).toHaveLength(2)
    expect((await t.call('automations.preview', { automation, from: '2030-01-01T00:00:00.000Z' })).occurrences).toHaveLength(10)
  })

  it('warns when the automation is snoozed or paused', async () => {
    const automation = await bench.make({ schedule: 'every 1h', ...greet })
    const warnings = async () => (await t.call('automations.preview', { automation })).warnings
    expect(await warnings()).toEqual([])
    const { snoozedUntil } = await t.call('automations.snooze', { automation, for: '1d' })
    expect(await warnings()).toEqual([`It is snoozed until ${snoozedUntil}.`])
    await t.call('automations.pause', { automation })
    expect(await warnings()).toEqual(['It is paused: no trigger fires until it is resumed.'])
  })

  it.each([
    ['invalid_input', { triggers: [{ type: 'schedule', schedule: 'every 1h', catchUpWindow: '999999999w' }] }, 'triggers[0].catchUpWindow'],
    ['schedule.invalid', { triggers: [{ type: 'schedule', schedule: 'FREQ=NEVER' }] }, 'triggers[0].schedule'],
    ['invalid_input', { timezone: 'Nowhere' }, 'timezone'],
  ] as const)('names the path of an error inside the definition (%s)', async (code, definition, path) => {
    const asked = t.answer('automations.preview', { definition })
    await expect(asked).rejects.toMatchObject(refused(code, `definition.${path}`))
  })

  it('shows the jitter of a saved automation, which is the same each time', async () => {
    const schedule = { include: [{ kind: 'cron', cron: '0 * * * *' }], jitter: '10m' } as const
    const automation = await bench.make({ schedule: { ...schedule, include: [...schedule.include] }, ...greet })
    const ask = () => t.call('automations.preview', { automation, count: 5, from: '2027-01-01T00:00:00.000Z' })
    const shown = await ask()
    expect(await ask()).toEqual(shown)
    const delays = shown.occurrences.map(({ at, firesAt }) => Date.parse(firesAt) - Date.parse(at))
    expect(new Set(delays).size).toBeGreaterThan(1)
    for (const delay of delays) expect(delay >= 0 && delay < 600_000).toBe(true)
    const next = await bench.nextMs(automation)
    const [first] = (await t.call('automations.preview', { automation, count: 1 })).occurrences
    expect(Date.parse(first?.firesAt ?? '')).toBe(next)
  })
})
