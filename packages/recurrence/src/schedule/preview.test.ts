/** What a user sees of a schedule before saving it: previews, warnings, descriptions, and the start that a rule gets. */
import { describe, expect, test } from 'vitest'
import {
  analyse,
  describeSchedule,
  type Include,
  impliedStart,
  type PresetName,
  presets,
  preview,
  readPreset,
  type Schedule,
} from '../index.ts'
import { compiled, listLocal } from '../testing.fixture.ts'

const newYork = 'America/New_York'

describe('preview', () => {
  test('shows occurrences in two zones and marks days with a clock change', () => {
    const one = compiled({ zone: newYork, include: [{ kind: 'cron', cron: '30 2 * * *' }] })
    const { lines, end } = preview(one, Date.parse('2026-03-07T00:00:00Z'), 3, 'Europe/Berlin')
    expect(end).toBe('more')
    expect(lines.map(({ here, there }) => [here.local, here.clocks, there.local, there.clocks])).toEqual([
      ['2026-03-07T02:30:00-05:00', undefined, '2026-03-07T08:30:00+01:00', undefined],
      ['2026-03-08T03:30:00-04:00', 'forward', '2026-03-08T08:30:00+01:00', undefined],
      ['2026-03-09T02:30:00-04:00', undefined, '2026-03-09T07:30:00+01:00', undefined],
    ])
    const autumn = preview(one, Date.parse('2026-10-24T12:00:00Z'), 8, 'Europe/Berlin')
    expect(autumn.lines.map(({ here, there }) => [here.clocks, there.clocks]).filter((pair) => pair.some(Boolean))).toEqual([
      [undefined, 'back'],
      ['back', undefined],
    ])
    expect(lines[0]?.here.weekday).toBe(5)
  })

  test('reports why it ends', () => {
    const one = compiled({ zone: 'UTC', include: [{ kind: 'dates', dates: ['2026-01-01'] }] })
    expect(preview(one, 0, 5, 'UTC')).toMatchObject({ end: 'ended', lines: [{ nominalMs: Date.UTC(2026, 0, 1) }] })
  })
})

describe('analyse', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const of = (include: Include, zone = newYork) => analyse(compiled({ zone, start: '2024-02-29T09:00', include: [include] }), now)
  const cron = (text: string): Include => ({ kind: 'cron', cron: text })
  const rrule = (text: string): Include => ({ kind: 'rrule', rrule: text })

  test('finds schedules that never occur', () => {
    expect(of(cron('0 0 30 2 *')).isImpossible).toBe(true)
    expect(of(rrule('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30')).isImpossible).toBe(true)
    expect(of(rrule('FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1')).isImpossible).toBe(true)
    expect(of(rrule('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29')).isImpossible).toBe(false)
  })

  test('finds local times that the clocks skip or repeat', () => {
    expect(of(cron('30 2 * * *')).dstConflicts.slice(0, 2)).toEqual([
      { local: '2026-03-08T02:30:00', kind: 'gap' },
      { local: '2027-03-14T02:30:00', kind: 'gap' },
    ])
    expect(of(cron('0 1 * * SUN')).dstConflicts[0]).toEqual({ local: '2026-11-01T01:00:00', kind: 'overlap' })
    expect(of(cron('30 2 * * MON')).dstConflicts).toEqual([])
    expect(of(cron('*/5 * * * *')).dstConflicts).toEqual([])
    expect(of(cron('30 2 * * *'), 'Asia/Tokyo').dstConflicts).toEqual([])
  })

  test('finds no conflict after the end or on an excluded day', () => {
    const conflictsOf = (schedule: Omit<Schedule, 'zone'>) => analyse(compiled({ zone: newYork, ...schedule }), now).dstConflicts
    const include = [cron('30 2 * * *')]
    const spring = [{ local: '2026-03-08T02:30:00', kind: 'gap' }]
    expect(conflictsOf({ include: [rrule('DTSTART:20260101T023000\nRRULE:FREQ=DAILY;UNTIL=20260401T000000')] })).toEqual(spring)
    expect(conflictsOf({ include, end: '2026-04-01' })).toEqual(spring)
    expect(conflictsOf({ include, end: '2026-04-01', dst: { gap: 'skip' } })).toEqual(spring)
    expect(conflictsOf({ include, end: '2026-02-01' })).toEqual([])
    expect(conflictsOf({ include, start: '2026-01-01', count: 20 })).toEqual([])
    expect(conflictsOf({ include, end: '2026-04-01', exclude: [{ kind: 'dates', dates: ['2026-03-08'] }] })).toEqual([])
    // One of the two times in the gap is excluded, the other is not.
    const twice = { include: [cron('15,45 2 * * *')], end: '2026-04-01', exclude: [rrule('DTSTART:20260101T021500\nRRULE:FREQ=DAILY')] }
    expect(conflictsOf(twice)).toEqual([{ local: '2026-03-08T02:45:00', kind: 'gap' }])
  })

  test('finds effects of leap years and short months', () => {
    expect(of(rrule('FREQ=YEARLY'))).toMatchObject({ leapDay: 'only', skipsShortMonths: false })
    expect(of(rrule('FREQ=YEARLY;BYYEARDAY=366')).leapDay).toBe('only')
    expect(of(rrule('FREQ=YEARLY;BYYEARDAY=100')).leapDay).toBe('moves')
    expect(of(rrule('FREQ=MONTHLY'))).toMatchObject({ leapDay: 'also', skipsShortMonths: false })
    expect(of(rrule('FREQ=MONTHLY;BYMONTHDAY=31'))).toMatchObject({ leapDay: 'none', skipsShortMonths: true })
    expect(of(rrule('FREQ=MONTHLY;BYMONTHDAY=-1'))).toMatchObject({ leapDay: 'none', skipsShortMonths: false })
    expect(of(rrule('FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1'))).toMatchObject({ leapDay: 'none', skipsShortMonths: false })
    expect(of(cron('0 0 29 2 *')).leapDay).toBe('only')
    expect(of(cron('0 0 * * *'))).toMatchObject({ leapDay: 'none', skipsShortMonths: false })
    expect(of(cron('0 0 30 * *')).skipsShortMonths).toBe(true)
  })
})

describe('impliedStart', () => {
  const now = Date.parse('2026-01-01T12:34:56.789Z')
  test.each([
    ['FREQ=DAILY;BYHOUR=7;BYMINUTE=30', '2026-01-01T07:35:00'],
    ['FREQ=DAILY;BYHOUR=7', '2026-01-01T08:00:00'],
    ['FREQ=WEEKLY;INTERVAL=2', '2026-01-01T07:35:00'],
    ['FREQ=SECONDLY;INTERVAL=10', '2026-01-01T07:34:57'],
  ])('the implied start of %s is %s', (rrule, expected) => {
    expect(impliedStart(rrule, now, newYork)).toEqual({ ok: true, value: expected })
  })

  test('a daily rule with an implied start fires at the time it names', () => {
    const rrule = 'FREQ=DAILY;BYHOUR=7;BYMINUTE=30'
    const start = impliedStart(rrule, now, newYork)
    if (!start.ok) throw new Error(start.problem.message)
    expect(listLocal({ zone: newYork, include: [{ kind: 'rrule', rrule, start: start.value }] }, '2026-01-01T12:34:56Z', 1)).toEqual([
      '2026-01-02T07:30:00-05:00',
    ])
  })

  test('returns the problem of a malformed rule', () => {
    expect(impliedStart('FREQ=DAYLY', now, newYork)).toMatchObject({ ok: false, problem: { position: 5 } })
  })
})

test.each(Object.keys(presets) as PresetName[])('the preset %s has occurrences', (name) => {
  const one = compiled({ zone: newYork, start: '2026-01-05T09:00', include: [{ kind: 'rrule', rrule: presets[name] }] })
  expect(typeof one.instants.next(0)).toBe('number')
})

test('presets have the days and times of Ordinaut, or another time of day', () => {
  const next = (rrule: string, count: number) =>
    preview(
      compiled({ zone: 'UTC', start: '2026-01-05T09:00', include: [{ kind: 'rrule', rrule }] }),
      Date.UTC(2026, 0, 5),
      count,
      'UTC',
    ).lines.map(({ here }) => here.local)
  expect(next(readPreset('quarterly') ?? '', 2)).toEqual(
    ['2026-04-01T09:00', '2026-07-01T09:00'].map((time) => expect.stringContaining(time.slice(0, 10))),
  )
  expect(readPreset('semi_annual')).toBe('FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=1')
  expect(readPreset('morning_briefing')).toMatch(/BYHOUR=8;BYMINUTE=30/)
  expect(readPreset('morning_briefing at 07:05')).toBe('FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=7;BYMINUTE=5;BYSECOND=0')
  expect(readPreset('business_days at 09:00')).toBe('FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0;BYSECOND=0')
  for (const text of ['fortnightly', 'daily at 24:00', 'daily at 9', 'toString', '* * * * *'])
    expect(readPreset(text), text).toBeUndefined()
})

describe('describeSchedule', () => {
  const of = (include: Include) => describeSchedule({ zone: 'Europe/Berlin', include: [include] }).replace(' (Europe/Berlin)', '')

  test.each([
    ['0 9 * * MON-FRI', 'At 09:00 on Monday to Friday'],
    ['*/15 * * * *', 'Every 15 minutes'],
    ['0 9,17 * * *', 'At 09:00 and 17:00 every day'],
    ['30 * * * *', 'At minute 30 of every hour'],
    ['0 0 13 * FRI', 'At 00:00 on the 13th day of the month or on Friday'],
    ['0 0 */10 * MON', 'At 00:00 on the 1st, 11th, 21st and 31st day of the month if that is Monday'],
    ['0 12 L * *', 'At 12:00 on the last day of the month'],
    ['0 12 L-2 2 *', 'At 12:00 on the 3rd to last day of the month in February'],
    ['0 12 LW * *', 'At 12:00 on the last weekday (Monday to Friday) of the month'],
    ['0 12 15W 1-3 *', 'At 12:00 on the weekday (Monday to Friday) nearest to the 15th in January to March'],
    ['0 8 * * 5L', 'At 08:00 on the last Friday of the month'],
    ['0 8 * * MON#2', 'At 08:00 on the 2nd Monday of the month'],
    ['*/10 * * * * *', 'Every 10 seconds'],
    ['15 */5 * * * *', 'At second 15, every 5 minutes'],
    ['*/20 9-16 * * *', 'Every 20 minutes from 09:00 to 16:59 every day'],
    // Neither day field starts with *: a day must match only one of them, even if one field lists all days.
    ['0 9 1-31 * MON', 'At 09:00 every day'],
    ['0 9 13 * 0-6', 'At 09:00 every day'],
    [
      '0 9 */2 * 0-6',
      'At 09:00 on the 1st, 3rd, 5th, 7th, 9th, 11th, 13th, 15th, 17th, 19th, 21st, 23rd, 25th, 27th, 29th and 31st day of the month',
    ],
    ['0 9 1-30,15W * *', 'At 09:00 on the 1st to 30th day of the month and the weekday (Monday to Friday) nearest to the 15th'],
    ['*/30 5 * * * *', 'Every 30 seconds, at minute 5 of every hour'],
    ['*/15 */6 * * *', 'Every 15 minutes in every 6th hour from midnight on every day'],
    ['nonsense', '"nonsense"'],
  ])('describes %s: %s', (cron, expected) => {
    expect(of({ kind: 'cron', cron })).toBe(expected)
  })

  test.each([
    ['FREQ=DAILY;BYHOUR=7;BYMINUTE=30', 'Every day at 07:30'],
    ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', 'Every Monday to Friday at 09:00'],
    ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU', 'Every day at 09:00'],
    ['FREQ=DAILY;UNTIL=20261231', 'Every day at 09:00 until 31 December 2026'],
    ['FREQ=WEEKLY;INTERVAL=2;BYDAY=MO', 'Every 2 weeks on Monday at 09:00'],
    ['FREQ=MONTHLY;BYDAY=-1FR;COUNT=3', 'Every month on the last Friday at 09:00 3 times'],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', 'Every month on Monday to Friday at 09:00 (only the last of these in each month)'],
    ['FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13', 'Every month on the 13th day of the month if that is Friday at 09:00'],
    ['FREQ=HOURLY;INTERVAL=3;UNTIL=20261231T000000Z', 'Every 3 hours until 31 December 2026 00:00 UTC'],
    ['FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11', 'Every 20 minutes from 09:00 to 11:59'],
    ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO', 'Every year in week 20 on Monday at 09:00'],
    ['FREQ=YEARLY;BYYEARDAY=1,100,-1', 'Every year on the 1st, 100th and last day of the year at 09:00'],
    ['FREQ=YEARLY;BYMONTH=11;BYDAY=4TH', 'Every year in November on the 4th Thursday of the month at 09:00'],
    [
      'RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD',
      'Every year in February on the 29th day of the month at 09:00 (or the day before if there is no such day)',
    ],
    ['DTSTART:20260101T080000\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20260102', 'Every day at 08:00, but not on 2 January 2026'],
  ])('describes %s: %s', (rrule, expected) => {
    expect(of({ kind: 'rrule', rrule, start: '2024-02-29T09:00' })).toBe(expected)
  })

  test('describes all other parts of a schedule', () => {
    expect(
      describeSchedule({
        zone: newYork,
        include: [
          { kind: 'interval', every: '90m', phase: '15m' },
          { kind: 'dates', dates: ['2026-01-01', '2026-02-01T10:00', '2026-03-01T10:00:00Z', '2026-04-01'] },
        ],
        exclude: [
          { kind: 'calendar', calendar: 'us', closed: 'hours' },
          { kind: 'range', from: '2026-12-24', to: '2026-12-26' },
        ],
        calendar: { id: 'us', roll: 'next' },
        start: '2026-01-01',
        end: '2026-12-31',
        count: 5,
        jitter: '5m',
      }),
    ).toBe(
      'Every 90m, 15m past and on 1 January 2026, 1 February 2026 10:00, 1 March 2026 10:00 UTC and 1 more dates (America/New_York), ' +
        'but not outside the hours of the calendar us or from 24 December 2026 to 26 December 2026, ' +
        'moved to the next business day in the calendar us, from 1 January 2026, until 31 December 2026, at most 5 times, up to 5m later',
    )
  })
})
