/**
 * Business calendars: arithmetic on business time and its algebra, layers over each other, and holidays from the real data of
 * `date-holidays`.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayOf } from '../gregorian.ts'
import { findHolidays } from '../holidays/index.ts'
import {
  addBusinessTime,
  businessTimeBetween,
  type Calendar,
  type CalendarSources,
  type CompiledCalendar,
  compileCalendar,
  type DurationParts,
  formatIso,
  isBusinessDay,
  type Pause,
  parseDuration,
} from '../index.ts'

const nineToFive = ['09:00-17:00']
const week = { mon: nineToFive, tue: nineToFive, wed: nineToFive, thu: nineToFive, fri: nineToFive }
const hours: Calendar = { zone: 'America/New_York', layers: [{ kind: 'hours', week }] }

function open(calendar: Calendar, sources?: CalendarSources): CompiledCalendar {
  const compiled = compileCalendar(calendar, sources)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
  return compiled.value
}

const issuesOf = (calendar: Calendar, sources?: CalendarSources) => {
  const compiled = compileCalendar(calendar, sources)
  return compiled.ok ? [] : compiled.issues.map(({ path }) => path)
}

const duration = (text: string): DurationParts => {
  const parsed = parseDuration(text)
  if (!parsed.ok) throw new Error(parsed.problem.message)
  return parsed.value
}

/** The local time at which a duration of business time is over. */
function due(calendar: Calendar, from: string, text: string, pauses: readonly Pause[] = []): string {
  const compiled = open(calendar)
  const result = addBusinessTime(compiled, Date.parse(from), duration(text), pauses)
  return result.kind === 'at' ? formatIso(compiled.zone, result.ms).slice(0, 16) : result.kind
}

describe('business time', () => {
  // 2026-05-29 is a Friday.
  test.each([
    ['2026-05-29T10:00:00-04:00', 'PT2H', '2026-05-29T12:00'],
    ['2026-05-29T16:00:00-04:00', 'PT2H', '2026-06-01T10:00'],
    ['2026-05-29T20:00:00-04:00', '30m', '2026-06-01T09:30'],
    // A duration that ends exactly at closing ends then.
    ['2026-05-29T09:00:00-04:00', 'PT8H', '2026-05-29T17:00'],
    // One business day differs from 24 hours of business.
    ['2026-05-29T10:00:00-04:00', 'P1D', '2026-06-01T10:00'],
    ['2026-05-29T10:00:00-04:00', 'PT24H', '2026-06-03T10:00'],
    ['2026-05-29T10:00:00-04:00', 'P1DT1H', '2026-06-01T11:00'],
    ['2026-05-29T17:00:00-04:00', 'P1D', '2026-06-01T17:00'],
    // A duration that starts while closed starts at the opening.
    ['2026-05-30T12:00:00-04:00', 'P1D', '2026-06-02T09:00'],
    ['2026-05-29T07:00:00-04:00', 'P1D', '2026-06-01T09:00'],
    ['2026-05-29T10:00:00-04:00', 'PT0S', '2026-05-29T10:00'],
    // The clocks change in between (8 March), so more hours pass by the clock, but the business time is the same.
    ['2026-03-06T16:00:00-05:00', 'PT2H', '2026-03-09T10:00'],
  ])('business time from %s plus %s ends at %s', (from, text, expected) => {
    expect(due(hours, from, text)).toBe(expected)
  })

  test('P1D ends at closing if the target day is shorter', () => {
    const short: Calendar = { ...hours, layers: [...hours.layers, { kind: 'days', days: [{ date: '2026-06-01', open: ['10:00-12:00'] }] }] }
    expect(due(short, '2026-05-29T16:00:00-04:00', 'P1D')).toBe('2026-06-01T12:00')
    expect(due(short, '2026-05-29T09:00:00-04:00', 'P1D')).toBe('2026-06-01T10:00')
    expect(due(short, '2026-05-29T16:00:00-04:00', 'PT4H')).toBe('2026-06-02T10:00')
  })

  test('P1D moves a time in a break to the end of the break', () => {
    const split: Calendar = { zone: 'UTC', layers: [{ kind: 'hours', week: { ...week, fri: ['09:00-12:00', '13:00-16:00'] } }] }
    const after = (time: string) => due(split, `2026-05-28T${time}:00Z`, 'P1D').slice(11)
    expect(['09:30', '12:00', '12:30', '13:00', '15:00', '16:30'].map(after)).toEqual([
      '09:30',
      '12:00',
      '13:00',
      '13:00',
      '15:00',
      '16:00',
    ])
  })

  test('does not count pauses, and a pause outside business hours has no effect', () => {
    const at = (local: string) => Date.parse(`${local}:00-04:00`)
    const lunch = { fromMs: at('2026-05-29T12:00'), toMs: at('2026-05-29T13:00') }
    const weekend = { fromMs: at('2026-05-29T16:30'), toMs: at('2026-06-01T09:30') }
    expect(due(hours, '2026-05-29T11:00:00-04:00', 'PT2H', [lunch])).toBe('2026-05-29T14:00')
    expect(due(hours, '2026-05-29T11:00:00-04:00', 'PT2H', [lunch, lunch])).toBe('2026-05-29T14:00')
    expect(due(hours, '2026-05-29T16:00:00-04:00', 'PT1H', [weekend])).toBe('2026-06-01T10:00')
    expect(due(hours, '2026-05-29T11:00:00-04:00', 'P1D', [lunch])).toBe('2026-06-01T12:00')
    expect(due(hours, '2026-05-29T11:00:00-04:00', 'PT2H', [{ fromMs: at('2026-05-29T12:00') }])).toBe('paused')
    expect(due(hours, '2026-05-29T11:00:00-04:00', 'PT1H', [{ fromMs: at('2026-05-29T12:00') }])).toBe('2026-05-29T12:00')
  })

  test('refuses durations without a clear meaning, and calendars that never open', () => {
    expect(due(hours, '2026-05-29T10:00:00-04:00', 'P1W')).toBe('unclear')
    expect(due(hours, '2026-05-29T10:00:00-04:00', '1.5d')).toBe('unclear')
    expect(due({ zone: 'UTC', layers: [{ kind: 'hours', week: {} }] }, '2026-05-29T10:00:00Z', 'PT1H')).toBe('never')
    expect(due({ zone: 'UTC', layers: [{ kind: 'hours', week: {} }] }, '2026-05-29T10:00:00Z', 'P1D')).toBe('never')
  })

  test('measuring an added duration returns that duration', () => {
    const compiled = open(hours)
    const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) })
    const pause = fc
      .tuple(instant, fc.integer({ min: 0, max: 200 * 3_600_000 }))
      .map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }))
    fc.assert(
      fc.property(instant, fc.integer({ min: 1, max: 400 * 3_600_000 }), fc.array(pause, { maxLength: 4 }), (fromMs, amountMs, pauses) => {
        const reached = addBusinessTime(compiled, fromMs, { weeks: 0, days: 0, timeMs: amountMs }, pauses)
        return reached.kind === 'at' && businessTimeBetween(compiled, fromMs, reached.ms, pauses) === amountMs
      }),
      { numRuns: 300 },
    )
  })

  test('the time between two instants is the sum of its parts', () => {
    const compiled = open(hours)
    const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 1) })
    fc.assert(
      fc.property(instant, instant, instant, (a, b, c) => {
        const between = (from: number, to: number) => businessTimeBetween(compiled, from, to)
        return between(a, b) + between(b, c) === between(a, c)
      }),
      { numRuns: 300 },
    )
  })
})

describe('layers of a calendar', () => {
  const planOn = (calendar: Calendar, date: string, sources?: CalendarSources) => {
    const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
    const plan = open(calendar, sources).planOf(dayOf(year, month, day))
    return { ...plan, open: plan.open.map(({ from, to }) => [from / 3600, to / 3600]) }
  }

  test('a calendar without layers is always open', () => {
    expect(planOn({ zone: 'UTC', layers: [] }, '2026-01-01')).toEqual({ open: [[0, 24]], name: undefined, isHoliday: false })
  })

  test('later layers override earlier ones: special days override holidays', () => {
    const calendar: Calendar = {
      zone: 'Europe/Berlin',
      layers: [
        ...hours.layers,
        { kind: 'holidays', region: 'DE-BY', except: ['Epiphany'] },
        {
          kind: 'days',
          days: [
            { date: '2026-12-24', to: '2026-12-31', name: 'Closed between the years' },
            { date: '2026-05-01', open: ['10:00-12:00', '13:00-14:00'] },
          ],
        },
      ],
    }
    const sources = { holidays: findHolidays }
    expect(planOn(calendar, '2026-01-01', sources)).toEqual({ open: [], name: "New Year's Day", isHoliday: true })
    expect(planOn(calendar, '2026-01-06', sources).open).toEqual([[9, 17]])
    expect(planOn(calendar, '2026-12-28', sources)).toEqual({ open: [], name: 'Closed between the years', isHoliday: true })
    expect(planOn(calendar, '2026-05-01', sources)).toEqual({
      open: [
        [10, 12],
        [13, 14],
      ],
      name: '2026-05-01',
      isHoliday: false,
    })
    expect(planOn(calendar, '2026-05-02', sources)).toEqual({ open: [], name: undefined, isHoliday: false })
  })

  test('a layer of hours after holidays reopens them, and they stop being holidays', () => {
    const layers: Calendar['layers'] = [
      { kind: 'holidays', region: 'US' },
      { kind: 'hours', week: { fri: ['09:00-17:00'] } },
    ]
    const christmas = planOn({ zone: 'UTC', layers }, '2026-12-25', { holidays: findHolidays })
    expect(christmas).toEqual({ open: [[9, 17]], name: 'Christmas Day', isHoliday: false })
    expect(planOn({ zone: 'UTC', layers }, '2026-07-04', { holidays: findHolidays })).toMatchObject({ open: [], isHoliday: true })
  })

  test('a layer with another calendar keeps the hours at which both are open', () => {
    const london: Calendar = { zone: 'Europe/London', layers: [{ kind: 'hours', week: { ...week, mon: ['12:00-20:00'] } }] }
    const both: Calendar = { ...hours, layers: [...hours.layers, { kind: 'calendar', calendar: 'london' }] }
    expect(planOn(both, '2026-06-01', { calendars: () => london }).open).toEqual([[12, 17]])
  })

  test('reports layers that lead nowhere or in a circle', () => {
    expect(issuesOf({ zone: 'Mars/Olympus', layers: [] })).toEqual(['zone'])
    expect(issuesOf({ zone: 'UTC', layers: [{ kind: 'calendar', calendar: 'x' }] })).toEqual(['layers[0].calendar'])
    expect(issuesOf({ zone: 'UTC', layers: [{ kind: 'feed', feed: 'x' }] })).toEqual(['layers[0].feed'])
    expect(issuesOf({ zone: 'UTC', layers: [{ kind: 'holidays', region: 'US' }] })).toEqual(['layers[0].region'])
    expect(issuesOf({ zone: 'UTC', layers: [{ kind: 'holidays', region: 'XX' }] }, { holidays: findHolidays })).toEqual([
      'layers[0].region',
    ])
    expect(
      issuesOf({
        zone: 'UTC',
        layers: [{ kind: 'hours', week: { mon: ['9-5'], tue: ['17:00-09:00'], wed: ['09:00-12:00', '11:00-13:00'] } }],
      }),
    ).toEqual(['layers[0].week.mon', 'layers[0].week.tue', 'layers[0].week.wed'])
    expect(
      issuesOf({ zone: 'UTC', layers: [{ kind: 'days', days: [{ date: '2026-02-30' }, { date: '2026-02-02', to: '2026-02-01' }] }] }),
    ).toEqual(['layers[0].days[0].date', 'layers[0].days[1].to'])
    const circle: Calendar = { zone: 'UTC', layers: [{ kind: 'calendar', calendar: 'me' }] }
    expect(issuesOf(circle, { calendars: () => circle })).toHaveLength(1)
  })

  test('compiles a calendar that many layers refer to once', () => {
    const asked: string[] = []
    const calendars = (id: string): Calendar => {
      asked.push(id)
      const next = Number(id) + 1
      return { zone: 'UTC', layers: next > 7 ? [] : Array.from({ length: 30 }, () => ({ kind: 'calendar', calendar: String(next) })) }
    }
    expect(issuesOf(calendars('0'), { calendars })).toEqual([])
    expect(asked.length).toBeLessThan(8 * 31)
  })
})

describe('holidays', () => {
  test.each([
    ['US', '2026-07-03'],
    ['US-CA', '2026-03-31'],
    ['DE-BY', '2026-01-06'],
    ['GB-SCT', '2026-11-30'],
    ['JP', '2026-05-05'],
    ['IL', '2026-09-12'],
    ['MD', '2026-08-27'],
  ])('the holidays of %s include %s', (region, date) => {
    expect(findHolidays(region, 2026)?.map((holiday) => holiday.date)).toContain(date)
  })

  test('an unknown region has undefined holidays', () => {
    for (const region of ['', 'us', 'XX', 'US-XX', 'DE-BY-XX', '__proto__', 'US-constructor'])
      expect(findHolidays(region, 2026)).toBeUndefined()
  })

  test('a calendar of `date-holidays` that ends has no later holidays', () => {
    expect(findHolidays('IR', 3_000)).not.toEqual([])
    expect(findHolidays('IR', 9_999)).toEqual([])
  })

  test('a holiday of several days closes all of them', () => {
    const calendar = open({ zone: 'Asia/Riyadh', layers: [{ kind: 'holidays', region: 'SA' }] }, { holidays: findHolidays })
    const eid = findHolidays('SA', 2026)?.find(({ days }) => days > 1)
    const [year = 0, month = 0, day = 0] = eid?.date.split('-').map(Number) ?? []
    const first = dayOf(year, month, day)
    expect(eid?.days).toBeGreaterThan(2)
    for (let offset = 0; offset < (eid?.days ?? 0); offset++) expect(isBusinessDay(calendar, first + offset)).toBe(false)
    expect(isBusinessDay(calendar, first - 1)).toBe(true)
  })
})
