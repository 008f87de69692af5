/** Schedules for tests: fixed ones and random ones. */
import { compileSchedule, type Include, occurrencesBetween, type Schedule } from '@orrery/recurrence'
import fc from 'fast-check'
import type { Timetable } from './firing-state.ts'

/** `PLANNING_SEED` and `PLANNING_RUNS` select other random sequences. Tests print the seed in their names. */
export const seed = Number(process.env.PLANNING_SEED ?? 20_260_101)
export const numRuns = Number(process.env.PLANNING_RUNS ?? 300)

export const startMs = Date.parse('2026-03-06T00:00:00Z')
export const minuteMs = 60_000
export const hourMs = 3_600_000

export function timetableOf(schedule: Schedule, policy: Partial<Omit<Timetable, 'schedule'>> = {}): Timetable {
  const checked = compileSchedule(schedule)
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues))
  return { schedule: checked.value, key: 'trigger', misfire: 'all', catchUpWindowMs: 365 * 24 * hourMs, graceMs: minuteMs, ...policy }
}

/** A timetable with an interval, from the start on. */
export const every = (text: string, policy: Partial<Omit<Timetable, 'schedule'>> = {}, more: Partial<Schedule> = {}): Timetable =>
  timetableOf({ zone: 'UTC', include: [{ kind: 'interval', every: text, anchor: '2026-03-06T00:00:00Z' }], ...more }, policy)

/** The occurrences in a range, computed by the recurrence package. Tests compare plans with them. */
export function occurrencesOf({ schedule, key }: Timetable, fromMs: number, toMs: number) {
  const found = occurrencesBetween(schedule, fromMs, toMs, 1_000_000, key)
  if (!found.isComplete) throw new Error('the range of the test is too long')
  return found.occurrences
}

const includes: fc.Arbitrary<Include> = fc.oneof(
  fc.integer({ min: 7, max: 400 }).map((minutes): Include => ({ kind: 'interval', every: `${minutes}m` })),
  fc
    .constantFrom('*/10 * * * *', '30 2 * * *', '0 9-17 * * MON-FRI', '15,45 */2 * * *', '0 0 29 2 *')
    .map((cron): Include => ({ kind: 'cron', cron })),
  fc
    .constantFrom(
      'FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=30',
      'FREQ=HOURLY;INTERVAL=5',
      'FREQ=DAILY;COUNT=9',
      'FREQ=WEEKLY;BYDAY=SU;UNTIL=20260320T000000Z',
    )
    .map((rrule): Include => ({ kind: 'rrule', rrule, start: '2026-03-05T00:30' })),
)

/** Random schedules around the spring change of clocks in America, with or without bounds and jitter. */
export const schedules: fc.Arbitrary<Schedule> = fc.record(
  {
    zone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu'),
    include: fc.array(includes, { minLength: 1, maxLength: 3 }),
    jitter: fc.constantFrom('1m', '20m', '3h'),
    count: fc.integer({ min: 1, max: 60 }),
    start: fc.constantFrom('2026-03-07', '2026-03-08T02:30'),
    end: fc.constantFrom('2026-03-10', '2026-03-30T12:00Z'),
  },
  { requiredKeys: ['zone', 'include'] },
)
