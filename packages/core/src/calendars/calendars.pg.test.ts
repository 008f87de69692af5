/**
 * Operations on calendars over a real database, and the compiled calendars that schedules use. Goal: no cycle, no calendar removed while in
 * use, and each change visible at once.
 */
import type { CalendarDefinition } from '@orrery/contract'
import { compileSchedule, nextOccurrence } from '@orrery/recurrence'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { listViolations } from '../../../kernel/src/database/list-violations.ts'
import { openCalendars } from './compile-calendars.ts'
import { readCalendarSources } from './read-calendar-sources.ts'

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false })
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

const week = { mon: ['09:00-17:00'], tue: ['09:00-17:00'], wed: ['09:00-17:00'], thu: ['09:00-17:00'], fri: ['09:00-12:00', '13:00-15:00'] }
const office: CalendarDefinition = {
  zone: 'America/New_York',
  layers: [
    { kind: 'hours', week },
    { kind: 'holidays', region: 'US' },
    { kind: 'days', days: [{ date: '2026-12-28', to: '2026-12-31', name: 'Year end' }] },
  ],
}
const put = (calendar: string, definition: CalendarDefinition, options = {}) =>
  t.call('calendars.put', { calendar, ...definition }, options)
const names = async () => (await t.call('calendars.list', { limit: 200 })).items.map(({ name }) => name)
/** At least `count` events, once no transaction in progress hides them. */
const eventsOf = async (subject: string, count: number) => {
  const { items } = await eventually(
    () => t.call('events.list', { subject, limit: 200 }),
    ({ items }) => items.length >= count,
  )
  return items.map(({ type, data }) => [type, data])
}
const sources = (...wanted: string[]) =>
  t.database.transaction(t.org, 'read only', async (tx) => {
    const { definitions, keys, readTexts } = await readCalendarSources(tx, t.org, wanted)
    const opened = await openCalendars({ definitions, keys, texts: await readTexts() })
    return opened ?? expect.unreachable('The texts are missing')
  })

describe('calendars', () => {
  it('creates, shows and replaces calendars, and lists their versions', async () => {
    const made = await put('office', office)
    expect(made).toMatchObject({ name: 'office', version: 1, ...office, feeds: [] })
    expect(await t.call('calendars.get', { calendar: 'office' })).toEqual(made)
    // An equal definition does not create a version, even with its members in another order.
    const shuffled = { layers: office.layers.map((layer) => Object.fromEntries(Object.entries(layer).reverse())), zone: office.zone }
    expect(await put('office', shuffled as CalendarDefinition)).toEqual(made)
    const changed = await put('office', { ...office, layers: office.layers.slice(0, 2) })
    expect([changed.version, changed.createdAt]).toEqual([2, made.createdAt])
    expect(await t.call('calendars.get', { calendar: 'office', version: 1 })).toMatchObject({ version: 1, layers: office.layers })
    const newest = await t.call('calendars.versions', { calendar: 'office', limit: 1 })
    const oldest = await t.call('calendars.versions', { calendar: 'office', cursor: newest.nextCursor ?? '' })
    expect([...newest.items, ...oldest.items].map(({ version, actor }) => [version, actor])).toEqual([
      [2, expect.stringMatching(/^key_/)],
      [1, expect.stringMatching(/^key_/)],
    ])
    expect(await eventsOf('office', 2)).toEqual([
      ['calendar.created', { version: 1 }],
      ['calendar.updated', { version: 2, cause: 'definition' }],
    ])
    const [summary] = (await t.call('calendars.list', { limit: 1 })).items
    expect(summary).toMatchObject({ name: 'office', version: 2, zone: 'America/New_York', layers: ['hours', 'holidays'], failing: [] })
  })

  it('lists days with open hours, names and holidays', async () => {
    await put('days', office)
    const { zone, days } = await t.call('calendars.days', { calendar: 'days', from: '2026-12-24', to: '2027-01-01' })
    expect(zone).toBe('America/New_York')
    expect(days.map(({ date, weekday, open, name, isHoliday }) => [date, weekday, open.join(' '), name, isHoliday])).toEqual([
      ['2026-12-24', 'thu', '09:00-17:00', null, false],
      ['2026-12-25', 'fri', '', 'Christmas Day', true],
      ['2026-12-26', 'sat', '', null, false],
      ['2026-12-27', 'sun', '', null, false],
      ...['28', '29', '30', '31'].map((day, at) => [`2026-12-${day}`, ['mon', 'tue', 'wed', 'thu'][at], '', 'Year end', true]),
      ['2027-01-01', 'fri', '', "New Year's Day", true],
    ])
    expect((await t.call('calendars.days', { calendar: 'days' })).days).toHaveLength(30)
    for (const [from, to] of [
      ['2026-02-30', undefined],
      ['2026-01-02', '2026-01-01'],
      ['2026-01-01', '2027-02-05'],
      ['1899-12-31', undefined],
    ]) {
      const asked = t.call('calendars.days', { calendar: 'days', from, ...(to === undefined ? {} : { to }) })
      await expect(asked).rejects.toMatchObject({ code: 'invalid_input' })
    }
  })

  it('lists days up to the end of year 9999, even if holidays end earlier, and shows the zone as it was written', async () => {
    await put('far', { zone: 'asia/tehran', layers: [{ kind: 'holidays', region: 'IR' }] })
    await put('near', { zone: 'Asia/Tehran', layers: [] })
    const { zone, days } = await t.call('calendars.days', { calendar: 'far', from: '9999-12-20' })
    expect([zone, days.length, days.at(-1)?.date]).toEqual(['asia/tehran', 12, '9999-12-31'])
    expect((await t.call('calendars.days', { calendar: 'near' })).zone).toBe('Asia/Tehran')
  })

  it('opens a dependent calendar only when both are open, and emits an event for it when its base changes', async () => {
    await put('base', { zone: 'UTC', layers: [{ kind: 'hours', week: { mon: ['08:00-12:00'] } }] })
    await put('middle', { zone: 'UTC', layers: [{ kind: 'calendar', calendar: 'base' }] })
    await put('top', {
      zone: 'UTC',
      layers: [
        { kind: 'hours', week },
        { kind: 'calendar', calendar: 'middle' },
      ],
    })
    const open = async () => (await t.call('calendars.days', { calendar: 'top', from: '2026-06-01', to: '2026-06-01' })).days[0]?.open
    expect(await open()).toEqual(['09:00-12:00'])
    await put('base', { zone: 'UTC', layers: [{ kind: 'hours', week: { mon: ['10:00-11:00'] } }] })
    expect(await open()).toEqual(['10:00-11:00'])
    expect((await eventsOf('top', 2)).at(-1)).toEqual(['calendar.updated', { version: 1, cause: 'definition' }])
    await expect(t.call('calendars.delete', { calendar: 'base' })).rejects.toMatchObject({
      code: 'calendar.in_use',
      detail: 'The calendar base is named by calendar middle.',
    })
    await t.call('calendars.delete', { calendar: 'top' })
    await t.call('calendars.delete', { calendar: 'middle' })
    await t.call('calendars.delete', { calendar: 'base' })
    expect(await names()).not.toContain('base')
  })

  it('rejects a calendar with the path of each error', async () => {
    const refused = async (layers: unknown, zone = 'UTC', calendar = 'wrong') => {
      const error = await t.answer('calendars.put', { calendar, zone, layers }).catch((thrown: unknown) => thrown)
      const { code, extra } = error as { code: string; extra: { errors: { path: string }[] } }
      return [code, ...extra.errors.map(({ path }) => path)]
    }
    expect(await refused([], 'Mars/Olympus')).toEqual(['calendar.invalid', 'zone'])
    expect(await refused([{ kind: 'holidays', region: 'XX' }])).toEqual(['calendar.invalid', 'layers[0].region'])
    expect(await refused([{ kind: 'calendar', calendar: 'nowhere' }])).toEqual(['calendar.invalid', 'layers[0].calendar'])
    expect(
      await refused([
        { kind: 'hours', week: { mon: ['17:00-09:00'] } },
        { kind: 'days', days: [{ date: '2026-02-30' }] },
      ]),
    ).toEqual(['calendar.invalid', 'layers[0].week.mon', 'layers[1].days[0].date'])
    expect(await refused([{ kind: 'feed', feed: 'https://ada:secret@calendar.example/a.ics' }])).toEqual([
      'invalid_input',
      'layers[0].feed',
    ])
    const years = Array.from({ length: 60 }, (_, at) => ({ date: `${1950 + at}-01-01`, to: `${1951 + at}-01-02` }))
    expect(await refused([{ kind: 'days', days: years }])).toEqual(['calendar.invalid', 'layers'])
    expect(await names()).not.toContain('wrong')
  })

  it('rejects a cycle, and a calendar that would nest itself or its dependents too deep', async () => {
    const on = (calendar: string): CalendarDefinition => ({
      zone: 'UTC',
      layers: [
        { kind: 'hours', week },
        { kind: 'calendar', calendar },
      ],
    })
    await put('round-a', { zone: 'UTC', layers: [] })
    await put('round-b', on('round-a'))
    const cycle = {
      code: 'calendar.invalid',
      extra: { errors: [{ path: 'layers[1].calendar', message: expect.stringContaining('cycle') }] },
    }
    await expect(put('round-a', on('round-b'))).rejects.toMatchObject(cycle)
    await expect(put('round-c', on('round-c'))).rejects.toMatchObject(cycle)
    await put('tower-1', { zone: 'UTC', layers: [] })
    for (let at = 2; at <= 8; at++) await put(`tower-${at}`, on(`tower-${at - 1}`))
    await expect(put('tower-9', on('tower-8'))).rejects.toMatchObject({ code: 'calendar.invalid' })
    await expect(put('tower-1', on('round-a'))).rejects.toMatchObject({
      code: 'calendar.invalid',
      detail: expect.stringContaining('tower-8'),
    })
    expect((await t.call('calendars.days', { calendar: 'tower-8', from: '2026-06-01', to: '2026-06-01' })).days[0]?.open).toEqual(week.mon)
  })

  it('forms no cycle when two puts race', async () => {
    const on = (calendar: string): CalendarDefinition => ({ zone: 'UTC', layers: [{ kind: 'calendar', calendar }] })
    await put('race-a', { zone: 'UTC', layers: [] })
    await put('race-b', { zone: 'UTC', layers: [] })
    const outcomes = await Promise.allSettled([put('race-a', on('race-b')), put('race-b', on('race-a'))])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('rejects deleting a calendar that an automation uses', async () => {
    await put('in-use', office)
    const definition = (id: string) =>
      JSON.stringify({ name: 'x', schedule: { include: [{ kind: 'cron', cron: '0 9 * * *' }], calendar: { id, roll: 'next' } } })
    const insert = (id: string, name: string) =>
      t.database.transaction(t.org, 'read write', ({ client }) =>
        client.query(
          `insert into app.automation (org_id, automation_id, name, title, version, definition, status, created_at, updated_at)
           values ($1, gen_random_uuid(), $2, $2, 1, $3, 'paused', now(), now())`,
          [t.org, name, definition(id)],
        ),
      )
    await insert('in-use', 'nightly')
    await insert('in-use-not', 'in-use')
    await expect(t.call('calendars.delete', { calendar: 'in-use' })).rejects.toMatchObject({
      code: 'calendar.in_use',
      detail: 'The calendar in-use is named by automation nightly.',
    })
    await t.database.transaction(t.org, 'read write', ({ client }) => client.query('delete from app.automation'))
    await t.call('calendars.delete', { calendar: 'in-use' })
    await expect(t.call('calendars.get', { calendar: 'in-use' })).rejects.toMatchObject({ code: 'calendar.not_found' })
  })

  it('begins again at version 1 when the name of a deleted calendar is reused, without the old definition', async () => {
    const day = async () => (await t.call('calendars.days', { calendar: 'again', from: '2026-06-01', to: '2026-06-01' })).days[0]?.open
    await put('again', { zone: 'UTC', layers: [{ kind: 'hours', week: { mon: ['01:00-02:00'] } }] })
    expect(await day()).toEqual(['01:00-02:00'])
    await t.call('calendars.delete', { calendar: 'again' })
    expect((await put('again', { zone: 'UTC', layers: [{ kind: 'hours', week: { mon: ['03:00-04:00'] } }] })).version).toBe(1)
    expect(await day()).toEqual(['03:00-04:00'])
  })

  it('rejects reading and depending on calendars of another organization', async () => {
    const key = await t.otherOrg('neighbour')
    await put('private', office)
    const missing = { code: 'calendar.not_found' }
    for (const name of ['calendars.get', 'calendars.days', 'calendars.versions', 'calendars.refresh', 'calendars.delete'] as const)
      await expect(t.call(name, { calendar: 'private' }, { key })).rejects.toMatchObject(missing)
    expect((await t.call('calendars.list', {}, { key })).items).toEqual([])
    await expect(put('mine', { zone: 'UTC', layers: [{ kind: 'calendar', calendar: 'private' }] }, { key })).rejects.toMatchObject({
      code: 'calendar.invalid',
    })
    await put('private', { zone: 'UTC', layers: [] }, { key })
    expect(await t.call('calendars.get', { calendar: 'private' })).toMatchObject({ zone: 'America/New_York' })
  })
})

describe('readCalendarSources', () => {
  const schedule = {
    zone: 'America/New_York',
    include: [{ kind: 'cron', cron: '0 9 * * *' }],
    calendar: { id: 'shared', roll: 'next' },
  } as const

  it('returns the same compiled calendar until it changes', async () => {
    await put('shared', office)
    const [first, second] = [await sources('shared'), await sources('shared')]
    expect(first.compiled?.('shared')).toBeDefined()
    expect(second.compiled?.('shared')).toBe(first.compiled?.('shared'))
    const compiled = compileSchedule(schedule, first)
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
    const next = nextOccurrence(compiled.value, Date.parse('2026-12-25T00:00:00Z'))
    expect(next).toMatchObject({ kind: 'occurrence', nominalMs: Date.parse('2027-01-04T14:00:00Z') })
    await put('shared', { ...office, layers: office.layers.slice(0, 2) })
    expect((await sources('shared')).compiled?.('shared')).not.toBe(first.compiled?.('shared'))
  })

  it('reports an unusable or missing calendar as an issue of the schedule, at its path', async () => {
    await put('waiting', { zone: 'UTC', layers: [{ kind: 'feed', feed: 'https://calendar.invalid/a.ics' }] })
    const waiting = compileSchedule({ ...schedule, calendar: { id: 'waiting', roll: 'skip' } }, await sources('waiting'))
    expect(waiting).toMatchObject({ ok: false, issues: [{ path: 'calendar.id: layers[0].feed' }] })
    const nowhere = compileSchedule({ ...schedule, calendar: { id: 'nowhere', roll: 'skip' } }, await sources('nowhere'))
    expect(nowhere).toMatchObject({ ok: false, issues: [{ path: 'calendar.id', message: expect.stringContaining('nowhere') }] })
    await expect(t.call('calendars.days', { calendar: 'waiting' })).rejects.toMatchObject({ code: 'calendar.unusable' })
  })
})
