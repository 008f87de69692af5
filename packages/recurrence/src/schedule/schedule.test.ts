/** Whole schedules: includes, excludes, intervals, bounds, rolling over a business calendar and jitter. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { type Calendar, compileSchedule, isOccurrence, nextOccurrence, occurrencesBetween, type Roll, type Schedule } from '../index.ts'
import { compiled, listLocal } from '../testing.fixture.ts'

const newYork = 'America/New_York'
const days = ['09:00-17:00']
const business: Calendar = {
  zone: newYork,
  layers: [
    { kind: 'hours', week: { mon: days, tue: days, wed: days, thu: days, fri: days } },
    { kind: 'days', days: [{ date: '2026-05-29', name: 'Founders’ day' }] },
  ],
}
const sources = { calendars: (id: string) => (id === 'business' ? business : undefined) }
const dates = (schedule: Omit<Schedule, 'zone'>, from: string, count: number) =>
  listLocal({ zone: newYork, ...schedule }, from, count, sources).map((line) => line.slice(0, 16))

describe('includes and excludes', () => {
  test('includes are united in order, without duplicates', () => {
    const include = [
      { kind: 'cron', cron: '0 9 * * *' },
      { kind: 'dates', dates: ['2026-01-02T09:00', '2026-01-02T12:00', '2026-01-02T18:00:00Z'] },
      { kind: 'rrule', rrule: 'FREQ=DAILY;BYHOUR=9,20;COUNT=2', start: '2026-01-02T00:00' },
    ] as const
    expect(dates({ include }, '2026-01-02T00:00:00-05:00', 5)).toEqual([
      '2026-01-02T09:00',
      '2026-01-02T12:00',
      '2026-01-02T13:00',
      '2026-01-02T20:00',
      '2026-01-03T09:00',
    ])
  })

  test('two local times that are one instant occur once', () => {
    const include = [{ kind: 'cron', cron: '0 9 * * *' }] as const
    expect(listLocal({ zone: 'Pacific/Apia', include }, '2011-12-29T00:00:00Z', 3)).toEqual([
      '2011-12-29T09:00:00-10:00',
      '2011-12-31T09:00:00+14:00',
      '2012-01-01T09:00:00+14:00',
    ])
  })

  test('excludes remove rules, days, ranges and holidays', () => {
    const include = [{ kind: 'cron', cron: '0 9 * * *' }] as const
    const exclude = [
      { kind: 'cron', cron: '0 9 * * SAT,SUN' },
      { kind: 'dates', dates: ['2026-05-25', '2026-05-26T09:00', '2026-05-27T08:00'] },
      { kind: 'range', from: '2026-06-01', to: '2026-06-02' },
      { kind: 'calendar', calendar: 'business' },
    ] as const
    expect(dates({ include, exclude }, '2026-05-22T00:00:00-04:00', 4)).toEqual([
      '2026-05-22T09:00',
      '2026-05-27T09:00',
      '2026-05-28T09:00',
      '2026-06-03T09:00',
    ])
  })

  test('an exclude by hours keeps business hours only', () => {
    const include = [{ kind: 'cron', cron: '30 */4 * * *' }] as const
    const exclude = [{ kind: 'calendar', calendar: 'business', closed: 'hours' }] as const
    expect(dates({ include, exclude }, '2026-05-28T00:00:00-04:00', 4)).toEqual([
      '2026-05-28T12:30',
      '2026-05-28T16:30',
      '2026-06-01T12:30',
      '2026-06-01T16:30',
    ])
  })

  test('expensive excludes are queried no more often than necessary', () => {
    const seconds = Array.from({ length: 33 }, (_, second) => second).join(',')
    const dear = (more: number) => `FREQ=SECONDLY;INTERVAL=${86_335 - more};BYHOUR=3;BYMINUTE=0,1;BYSECOND=${seconds}`
    const daily = { kind: 'rrule', rrule: 'FREQ=DAILY' } as const
    const exclude = [...[0, 1, 2, 3, 4].map((more) => ({ kind: 'rrule', rrule: dear(more) }) as const), daily]
    const one = compiled({ zone: newYork, start: '2026-01-01', include: [daily], exclude })
    expect(cpuMs(() => expect(nextOccurrence(one, Date.parse('2026-11-21T00:00:00Z'))).toEqual({ kind: 'limit' }))).toBeLessThan(10_000)
  })

  test('excludes that leave nothing end the search with a limit', () => {
    const include = [{ kind: 'cron', cron: '0 * * * *' }] as const
    const one = compiled({ zone: 'UTC', include, exclude: include })
    expect(cpuMs(() => expect(nextOccurrence(one, 0)).toEqual({ kind: 'limit' }))).toBeLessThan(10_000)
    expect(occurrencesBetween(one, 0, 1e12)).toEqual({ occurrences: [], isComplete: false })
  })
})

describe('intervals', () => {
  test('intervals count elapsed time from an anchor plus a phase', () => {
    const include = [{ kind: 'interval', every: '36h', phase: '30m', anchor: '2026-03-07T00:00' }] as const
    expect(listLocal({ zone: newYork, include }, '2026-03-07T00:00:00-05:00', 3)).toEqual([
      '2026-03-07T00:30:00-05:00',
      '2026-03-08T13:30:00-04:00',
      '2026-03-10T01:30:00-04:00',
    ])
  })

  test('intervals count from 1970 without an anchor', () => {
    expect(listLocal({ zone: 'UTC', include: [{ kind: 'interval', every: 'P1D' }] }, '2026-01-01T00:00:01Z', 1)).toEqual([
      '2026-01-02T00:00:00+00:00',
    ])
  })
})

describe('start, end and count', () => {
  const include = [{ kind: 'cron', cron: '0 9 * * *' }] as const

  test('start and end are inclusive, and an end that is a day includes it', () => {
    expect(dates({ include, start: '2026-01-02T09:00', end: '2026-01-04' }, '2025-01-01T00:00:00Z', 9)).toHaveLength(3)
    expect(dates({ include, start: '2026-01-02T09:01', end: '2026-01-04T09:00' }, '2025-01-01T00:00:00Z', 9)).toHaveLength(2)
  })

  test('the count applies after excludes', () => {
    const schedule = { include, start: '2026-01-01', count: 3, exclude: [{ kind: 'dates', dates: ['2026-01-02'] }] } as const
    expect(dates(schedule, '2025-01-01T00:00:00Z', 9)).toEqual(['2026-01-01T09:00', '2026-01-03T09:00', '2026-01-04T09:00'])
    const one = compiled({ zone: newYork, ...schedule })
    // The count is the same if the first query is in the middle.
    expect(nextOccurrence(one, Date.parse('2026-01-03T20:00:00Z'))).toMatchObject({ kind: 'occurrence' })
    expect(nextOccurrence(one, Date.parse('2026-01-04T20:00:00Z'))).toEqual({ kind: 'ended' })
    expect(isOccurrence(one, Date.parse('2026-01-04T14:00:00Z'))).toBe(true)
    expect(isOccurrence(one, Date.parse('2026-01-05T14:00:00Z'))).toBe(false)
  })
})

describe('rolling to business days', () => {
  // In 2026: 30 May is a Saturday after a closed Friday, 31 May a Sunday; 15 August a Saturday.
  const include = [{ kind: 'cron', cron: '0 9 15,L * *' }] as const
  test.each<readonly [Roll, readonly string[]]>([
    ['skip', ['2026-05-15', '2026-06-15', '2026-06-30', '2026-07-15', '2026-07-31', '2026-08-31']],
    ['next', ['2026-05-15', '2026-06-01', '2026-06-15', '2026-06-30', '2026-07-15', '2026-07-31', '2026-08-17']],
    ['previous', ['2026-05-15', '2026-05-28', '2026-06-15', '2026-06-30', '2026-07-15', '2026-07-31', '2026-08-14']],
    ['modified-following', ['2026-05-15', '2026-05-28', '2026-06-15', '2026-06-30', '2026-07-15', '2026-07-31', '2026-08-17']],
  ])('rolls with %s', (roll, expected) => {
    const found = dates({ include, calendar: { id: 'business', roll } }, '2026-05-01T00:00:00Z', expected.length)
    expect(found).toEqual(expected.map((date) => `${date}T09:00`))
  })

  test('never moves an occurrence to an excluded time', () => {
    const exclude = [{ kind: 'dates', dates: ['2026-08-17'] }] as const
    expect(dates({ include, exclude, calendar: { id: 'business', roll: 'next' } }, '2026-08-01T00:00:00Z', 1)).toEqual(['2026-08-31T09:00'])
  })

  test.each<Roll>(['skip', 'next', 'previous', 'modified-following'])('%s has the same occurrences from any start, in order', (roll) => {
    const schedule: Schedule = {
      zone: newYork,
      include: [
        { kind: 'cron', cron: '15 6,22 * * *' },
        { kind: 'cron', cron: '45 13 * * SUN' },
      ],
      calendar: { id: 'business', roll },
    }
    const from = Date.parse('2026-05-20T00:00:00Z')
    const one = compiled(schedule, sources)
    const all = occurrencesBetween(one, from, from + 40 * 86_400_000, 500).occurrences.map(({ nominalMs }) => nominalMs)
    expect(all.length).toBeGreaterThan(50)
    expect(new Set(all).size).toBe(all.length)
    fc.assert(
      fc.property(fc.nat(all.length - 2), fc.integer({ min: 1, max: 86_400_000 }), (at, wait) => {
        const after = (all[at] ?? 0) + wait
        const expected = all.find((ms) => ms > after)
        return expected === undefined || one.instants.next(after) === expected
      }),
      { numRuns: 200 },
    )
  })

  test('loses no occurrence that is rolled to a day with a clock change', () => {
    const list = (closed: string, times: readonly string[], overlap: 'first' | 'both') => {
      const calendar: Calendar = { zone: newYork, layers: [{ kind: 'days', days: [{ date: closed }] }] }
      const moments = times.map((time) => `${closed}T${time}`)
      const schedule: Schedule = {
        zone: newYork,
        include: [{ kind: 'dates', dates: moments }],
        calendar: { id: 'x', roll: 'next' },
        dst: { overlap },
      }
      return listLocal(schedule, `${closed}T00:00:00Z`, 9, { calendars: () => calendar }).map((local) => local.slice(11))
    }
    const gap = ['02:00:00', '02:45:00', '03:15:00', '04:00:00']
    expect(list('2027-03-13', gap, 'first')).toEqual(['03:00:00-04:00', '03:15:00-04:00', '03:45:00-04:00', '04:00:00-04:00'])
    expect(list('2026-10-31', ['01:15:00', '01:45:00', '03:15:00'], 'both')).toEqual([
      '01:15:00-04:00',
      '01:45:00-04:00',
      '01:15:00-05:00',
      '01:45:00-05:00',
      '03:15:00-05:00',
    ])
  })

  test.each(['shift', 'first-valid', 'skip'] as const)('moves a time that the clocks skip (%s) to the same time of day', (gap) => {
    const list = (roll: Roll, ...crons: string[]) => {
      const week = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, ['09:00-17:00']]))
      const all = crons.map((cron) => ({ kind: 'cron', cron }) as const)
      const schedule: Schedule = { zone: newYork, include: all, calendar: { id: 'x', roll }, dst: { gap }, end: '2027-03-16' }
      const calendars = (): Calendar => ({ zone: newYork, layers: [{ kind: 'hours', week }] })
      return listLocal(schedule, '2027-03-12T00:00:00-05:00', 20, { calendars }).map((local) => local.slice(8, 16))
    }
    expect(list('next', '30 2 * * *')).toEqual(['12T02:30', '15T02:30', '16T02:30'])
    expect(list('previous', '30 2 * * *')).toEqual(['12T02:30', '15T02:30', '16T02:30'])
    expect(list('next', '15,45 2 * * SUN', '30 3 * * *')).toEqual([
      '12T03:30',
      ...(gap === 'skip' ? [] : ['15T02:15', '15T02:45']),
      '15T03:30',
      '16T03:30',
    ])
  })

  test('a calendar that never opens ends the search with a limit', () => {
    const closed: Calendar = { zone: 'UTC', layers: [{ kind: 'hours', week: {} }] }
    const schedule: Schedule = { zone: 'UTC', include, calendar: { id: 'closed', roll: 'next' } }
    expect(nextOccurrence(compiled(schedule, { calendars: () => closed }), 0)).toEqual({ kind: 'limit' })
  })
})

describe('jitter', () => {
  const schedule: Schedule = { zone: 'UTC', include: [{ kind: 'cron', cron: '*/10 * * * *' }], jitter: '1h' }

  test('jitter is stable, differs by key, and never passes the next occurrence', () => {
    const [one, again] = [compiled(schedule), compiled(schedule)]
    const fires = occurrencesBetween(one, 0, 86_400_000, 1000, 'a').occurrences
    expect(occurrencesBetween(again, 0, 86_400_000, 1000, 'a').occurrences).toEqual(fires)
    expect(occurrencesBetween(one, 0, 86_400_000, 1000, 'b').occurrences).not.toEqual(fires)
    fires.forEach(({ nominalMs, firesAtMs }) => {
      expect(firesAtMs - nominalMs).toBeGreaterThanOrEqual(0)
      expect(firesAtMs - nominalMs).toBeLessThan(600_000)
    })
  })

  test('jitter spreads evenly over many schedules', () => {
    const one = compiled({ ...schedule, include: [{ kind: 'cron', cron: '0 9 * * *' }] })
    const delays = Array.from({ length: 2000 }, (_, index) => {
      const next = nextOccurrence(one, 0, `schedule-${index}`)
      return next.kind === 'occurrence' ? next.firesAtMs - next.nominalMs : -1
    })
    const quarters = [0, 1, 2, 3].map((quarter) => delays.filter((delay) => Math.floor(delay / 900_000) === quarter).length)
    expect(Math.min(...quarters)).toBeGreaterThan(400)
  })
})

test('reports all issues of a schedule at once', () => {
  const checked = compileSchedule({
    zone: newYork,
    include: [
      { kind: 'cron', cron: '61 * * * *' },
      { kind: 'rrule', rrule: 'FREQ=DAILY' },
      { kind: 'rrule', rrule: 'FREQ=DAYLY', start: '2026-01-01' },
      { kind: 'interval', every: '5' },
      { kind: 'dates', dates: ['2026-02-30'] },
    ],
    exclude: [{ kind: 'range', from: '2026-02-02', to: '2026-01-01' }],
    calendar: { id: 'nowhere', roll: 'next' },
    end: 'soon',
    count: 0,
    jitter: 'some',
  })
  expect(checked.ok ? [] : checked.issues.map(({ path, position }) => [path, position])).toEqual([
    ['count', undefined],
    ['end', 0],
    ['include[0].cron', 0],
    ['include[1].start', undefined],
    ['include[2].rrule', 5],
    ['include[3].every', 1],
    ['include[4].dates[0]', 5],
    ['exclude[0].to', undefined],
    ['calendar.id', undefined],
    ['jitter', 0],
  ])
  expect(compileSchedule({ zone: 'Mars/Olympus', include: [] })).toMatchObject({ ok: false, issues: [{ path: 'zone' }] })
  expect(compileSchedule({ zone: '+02:00', include: [] })).toMatchObject({ ok: false, issues: [{ path: 'zone' }] })
})
