/** Goal: tasks translate to automations and back without loss, and invalid tasks get FastAPI's errors. Pure, without a server. */
import { readFileSync } from 'node:fs'
import { type Automation, automationDefinition, encodeId } from '@orrery/contract'
import { describe, expect, test } from 'vitest'
import { automationToTask } from './automation-to-task.ts'
import { toInputErrors } from './fastapi-errors.ts'
import { newTask, patchTask, taskPatch } from './ordinaut-task.ts'
import { recognizeSchedule, toMoment } from './recognize-schedule.ts'
import { taskToAutomation } from './task-to-automation.ts'

const UUID = '018f4e1c-0000-7000-8000-00000000002a'
const pipeline = [{ id: 'ask', uses: 'time.now' }]
const posted = { title: 'Morning', schedule_kind: 'cron', schedule_expr: '0 7 * * 1-5', payload: { pipeline } }
const read = (body: object) => newTask.parse(body)
const errorsOf = (body: unknown) => {
  const result = newTask.safeParse(body)
  return result.success ? [] : toInputErrors('body', result.error)
}

/** The automation that an operation would show for a definition. */
const stored = (definition: Automation['definition'], status: Automation['status'] = 'active') => ({
  id: encodeId('aut', UUID),
  title: definition.title ?? '',
  status,
  definition,
  note: null,
  createdAt: '2026-03-01T09:00:00.000Z',
  updatedAt: '2026-03-02T09:00:00.000Z',
})

describe('a task', () => {
  test('of the daily briefing example becomes a valid automation', () => {
    const file = new URL('../../../../packages/expressions/src/fixtures/daily-briefing.json', import.meta.url)
    const definition = taskToAutomation(read(JSON.parse(readFileSync(file, 'utf8'))))
    expect(automationDefinition.parse(definition)).toEqual(definition)
    expect(definition).toMatchObject({
      title: 'Daily Executive Briefing',
      timezone: 'America/New_York',
      triggers: [{ type: 'schedule', schedule: { include: [{ kind: 'rrule', rrule: 'FREQ=DAILY;BYHOUR=7;BYMINUTE=30' }] } }],
    })
    expect(definition.pipeline).toHaveLength(4)
  })

  test('gets the defaults of Ordinaut', () => {
    expect(read(posted)).toEqual({
      ...posted,
      description: '',
      timezone: 'UTC',
      priority: 5,
      dedupe_key: null,
      dedupe_window_seconds: 0,
      max_retries: 3,
      backoff_strategy: 'exponential_jitter',
      concurrency_key: null,
      created_by: null,
    })
  })

  test('may be posted in the short form and with unknown members', () => {
    const short = read({ title: 'Morning', schedule: '0 7 * * 1-5', pipeline, params: { city: 'Oslo' }, color: 'red' })
    expect(short).toEqual({ ...read(posted), payload: { pipeline, params: { city: 'Oslo' } } })
  })

  test('names steps without an id by their position', () => {
    expect(read({ ...posted, payload: { pipeline: [{ uses: 'a.b' }, { uses: 'a.b' }] } }).payload.pipeline.map(({ id }) => id)).toEqual([
      'step_1',
      'step_2',
    ])
  })

  test.for([
    ['cron', '0 7 * * 1', { type: 'schedule', schedule: { include: [{ kind: 'cron', cron: '0 7 * * 1' }] } }],
    ['rrule', 'FREQ=DAILY', { type: 'schedule', schedule: { include: [{ kind: 'rrule', rrule: 'FREQ=DAILY' }] } }],
    [
      'once',
      '2027-01-10T10:00:00+02:00',
      { type: 'schedule', schedule: { include: [{ kind: 'dates', dates: ['2027-01-10T08:00:00Z'] }] } },
    ],
    ['event', 'email.received', { type: 'event', topic: 'email.received' }],
    ['condition', 'event.data.level > 3', { type: 'condition', topic: '>', condition: 'event.data.level > 3' }],
  ] as const)('of kind %s with %s becomes the matching trigger', ([schedule_kind, schedule_expr, trigger]) => {
    const definition = taskToAutomation(read({ ...posted, schedule_kind, schedule_expr }))
    expect(definition.triggers).toEqual([trigger])
    expect(automationDefinition.parse(definition)).toEqual(definition)
  })

  test('passes each of its fields to the automation', () => {
    const fields = {
      priority: 1,
      max_retries: 7,
      backoff_strategy: 'linear',
      concurrency_key: 'mail',
      dedupe_key: 'd',
      dedupe_window_seconds: 90,
    } as const
    expect(taskToAutomation(read({ ...posted, ...fields }))).toMatchObject({
      priority: 'urgent',
      retry: { max: 8, backoff: 'linear' },
      concurrencyKey: 'mail',
      dedupe: { key: 'd', window: '90s' },
      overlap: 'allow_all',
    })
    expect(taskToAutomation(read({ ...posted, max_retries: 0 })).retry).toBe(false)
    expect(taskToAutomation(read({ ...posted, dedupe_key: 'd' })).dedupe).toBeUndefined()
  })

  test('is shown as it was posted while the automation is unchanged', () => {
    const body = {
      ...posted,
      priority: 4,
      description: 'For the board',
      dedupe_key: 'd',
      created_by: UUID,
      payload: { pipeline, params: { a: 1 }, note: 'kept' },
    }
    const kept = read(body)
    expect(automationToTask(stored(taskToAutomation(kept)), kept)).toEqual({
      ...kept,
      id: UUID,
      status: 'active',
      created_at: '2026-03-01T09:00:00.000Z',
      updated_at: '2026-03-02T09:00:00.000Z',
    })
  })

  test('shows the current definition after the automation was changed through another API', () => {
    const kept = read(posted)
    const changed = { ...taskToAutomation(kept), title: 'Evening', priority: 'low' as const, timezone: 'Asia/Tokyo' }
    expect(automationToTask(stored(changed, 'snoozed'), kept)).toMatchObject({
      title: 'Evening',
      timezone: 'Asia/Tokyo',
      priority: 8,
      schedule_kind: 'cron',
      schedule_expr: '0 7 * * 1-5',
      status: 'active',
    })
  })

  test('can be derived from any automation', () => {
    const shown = (definition: Automation['definition']) => automationToTask(stored({ title: 't', ...definition }, 'ended'), null)
    expect(shown({ pipeline: 'nightly' })).toMatchObject({
      payload: { pipeline: [], name: 'nightly' },
      schedule_kind: 'event',
      status: 'active',
    })
    expect(shown({ workflow: { name: 'greet' }, schedule: 'FREQ=DAILY' })).toMatchObject({
      payload: { workflow: { name: 'greet' } },
      schedule_expr: 'FREQ=DAILY',
    })
    expect(shown({ triggers: [{ type: 'event', topic: 'a.>' }], retry: false })).toMatchObject({ schedule_expr: 'a.>', max_retries: 0 })
    expect(shown({ schedule: { include: [{ kind: 'interval', every: '30m' }] }, dedupe: { key: 'k', window: '5m' } })).toMatchObject({
      schedule_expr: 'every 30m',
      dedupe_window_seconds: 300,
    })
    expect(shown({ schedule: '0 9 * * *' })).toMatchObject({ schedule_kind: 'cron', schedule_expr: '0 9 * * *' })
    expect(shown({ schedule: '2031-01-01T09:00' })).toMatchObject({ schedule_kind: 'once', schedule_expr: '2031-01-01T09:00' })
    expect(shown({ schedule: 'every 5m' })).toMatchObject({ schedule_kind: 'rrule', schedule_expr: 'every 5m' })
    expect(shown({ triggers: [{ type: 'webhook' }] })).toMatchObject({ schedule_kind: 'event', schedule_expr: null })
  })
})

describe('a change of a task', () => {
  const old = read({ ...posted, priority: 2, payload: { pipeline, params: { a: 1 } } })
  const merged = (patch: object) => patchTask(old, taskPatch.parse(patch)).data ?? {}

  test('replaces the members that it names and keeps the others', () => {
    expect(merged({})).toEqual(old)
    expect(merged({ title: 'Noon', dedupe_key: 'd' })).toEqual({ ...old, title: 'Noon', dedupe_key: 'd' })
    expect(merged({ schedule_expr: '0 12 * * *' })).toEqual({ ...old, schedule_expr: '0 12 * * *' })
    expect(merged({ schedule: 'FREQ=DAILY' })).toEqual({ ...old, schedule_kind: 'rrule', schedule_expr: 'FREQ=DAILY' })
    expect(merged({ schedule_kind: 'cron', schedule: '0 8 * * *' })).toEqual({ ...old, schedule_expr: '0 8 * * *' })
    expect(merged({ params: { b: 2 } })).toHaveProperty('payload', { pipeline, params: { b: 2 } })
    expect(merged({ pipeline: [{ uses: 'x.y' }] })).toHaveProperty('payload', {
      pipeline: [{ id: 'step_1', uses: 'x.y' }],
      params: { a: 1 },
    })
    expect(merged({ payload: { pipeline: [] } })).toHaveProperty('payload', { pipeline: [] })
  })
})

describe('an invalid task gets the errors of FastAPI', () => {
  test.for([
    [{ ...posted, title: undefined }, ['body', 'title'], 'missing'],
    [{ ...posted, title: '' }, ['body', 'title'], 'string_too_short'],
    [{ ...posted, title: 'x'.repeat(201) }, ['body', 'title'], 'string_too_long'],
    [{ ...posted, title: 7 }, ['body', 'title'], 'string_type'],
    [{ ...posted, priority: 0 }, ['body', 'priority'], 'greater_than_equal'],
    [{ ...posted, priority: 10 }, ['body', 'priority'], 'less_than_equal'],
    [{ ...posted, priority: 1.5 }, ['body', 'priority'], 'int_type'],
    [{ ...posted, max_retries: 11 }, ['body', 'max_retries'], 'less_than_equal'],
    [{ ...posted, schedule_kind: 'weekly' }, ['body', 'schedule_kind'], 'enum'],
    [{ ...posted, schedule_expr: undefined }, ['body', 'schedule_expr'], 'missing'],
    [{ ...posted, schedule_kind: undefined, schedule_expr: undefined }, ['body', 'schedule_kind'], 'missing'],
    [{ title: 't', pipeline, schedule: 'sometimes' }, ['body', 'schedule'], 'value_error'],
    [{ ...posted, payload: undefined }, ['body', 'payload'], 'missing'],
    [{ ...posted, payload: [] }, ['body', 'payload'], 'dict_type'],
    [{ ...posted, payload: {} }, ['body', 'payload', 'pipeline'], 'missing'],
    [{ ...posted, payload: { pipeline: {} } }, ['body', 'payload', 'pipeline'], 'list_type'],
    [{ ...posted, payload: { pipeline: ['x'] } }, ['body', 'payload', 'pipeline', 0], 'dict_type'],
    [{ ...posted, payload: { pipeline: [{ id: 'a' }] } }, ['body', 'payload', 'pipeline', 0], 'value_error'],
    [{ ...posted, payload: { pipeline: [{ id: 'a', uses: 'x', with: 3 }] } }, ['body', 'payload', 'pipeline', 0, 'with'], 'value_error'],
    [{ ...posted, backoff_strategy: 'never' }, ['body', 'backoff_strategy'], 'enum'],
  ] as const)('for %j', ([body, loc, type]) => {
    expect(errorsOf(body)).toContainEqual({ loc, type, msg: expect.any(String) })
  })

  test('all at once', () => {
    expect(errorsOf({}).map(({ loc }) => loc[1])).toContain('title')
    expect(errorsOf({ ...posted, title: '', priority: 99 })).toHaveLength(2)
  })
})

test.for([
  ['FREQ=DAILY;BYHOUR=7', 'rrule'],
  ['RRULE:FREQ=DAILY', 'rrule'],
  ['DTSTART:20260301T090000\nRRULE:FREQ=DAILY', 'rrule'],
  ['INTERVAL=2;FREQ=DAILY', 'rrule'],
  ['*/5 * * * *', 'cron'],
  ['0 0 7 * * MON', 'cron'],
  ['@daily', 'cron'],
  ['2026-03-01', 'once'],
  ['2026-03-01T09:00:00Z', 'once'],
  ['2026-03-01 09:00', 'once'],
])('recognizes %j as %s', ([text, kind]) => {
  expect(recognizeSchedule(` ${text} `)?.kind).toBe(kind)
})

test.for(['', 'sometimes', 'every 30m', '* * * *', '1 2 3 4 5 6 7', '20260301'])('does not recognize %j', (text) => {
  expect(recognizeSchedule(text)).toBeNull()
})

test.for([
  ['2026-03-01', '2026-03-01'],
  ['2026-03-01T09:00', '2026-03-01T09:00'],
  ['2026-03-01 09:00:30.123456', '2026-03-01T09:00:30'],
  ['2026-03-01T09:00:00Z', '2026-03-01T09:00:00Z'],
  ['2026-03-01T09:00:00.5+0530', '2026-03-01T03:30:00Z'],
  ['tomorrow', 'tomorrow'],
])('converts the time %j to %j', ([text = '', moment]) => {
  expect(toMoment(text)).toBe(moment)
})
