import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planBackfill } from './plan-backfill.ts'
import { every, hourMs, numRuns, occurrencesOf, schedules, seed, startMs, timetableOf } from './planning.fixture.ts'

const range = (fromHours: number, toHours: number) => ({ fromMs: startMs + fromHours * hourMs, toMs: startMs + toHours * hourMs })
const nowMs = startMs + 1_000 * hourMs

test('plans the occurrences at both ends of the range', () => {
  const plan = planBackfill(every('1h'), range(1, 3), nowMs)
  expect(plan).toEqual({ kind: 'planned', nominalsMs: [1, 2, 3].map((hours) => startMs + hours * hourMs), left: 0, restFromMs: null })
})

test('returns where the next batch begins and how many occurrences are left', () => {
  expect(planBackfill(every('1h'), range(1, 9), nowMs, 4)).toMatchObject({ left: 5, restFromMs: startMs + 5 * hourMs })
})

test.each([
  ['reversed', every('1h'), range(3, 1)],
  ['in_future', every('1h'), range(1, 1_001)],
  ['too_many', every('1s'), range(0, 900)],
] as const)('refuses a range: %s', (reason, timetable, asked) => {
  expect(planBackfill(timetable, asked, nowMs)).toEqual({ kind: 'refused', reason })
})

test('refuses a schedule that excludes all its occurrences with the reason limit', () => {
  const none = timetableOf({ zone: 'UTC', include: [{ kind: 'interval', every: '1s' }], exclude: [{ kind: 'cron', cron: '* * * * * *' }] })
  expect(planBackfill(none, range(0, 900), nowMs)).toEqual({ kind: 'refused', reason: 'limit' })
})

test(`plans each occurrence of the range exactly once over all batches (seed ${seed})`, () => {
  const hours = fc.integer({ min: 0, max: 500 })
  const property = fc.property(schedules, hours, hours, fc.integer({ min: 20, max: 300 }), (schedule, a, b, batch) => {
    const timetable = timetableOf(schedule)
    const { fromMs, toMs } = range(Math.min(a, b), Math.max(a, b))
    const planned: number[] = []
    for (let restMs: number | null = fromMs; restMs !== null; ) {
      const plan = planBackfill(timetable, { fromMs: restMs, toMs }, nowMs, batch)
      if (plan.kind === 'refused') throw new Error(plan.reason)
      planned.push(...plan.nominalsMs)
      restMs = plan.restFromMs
    }
    expect(planned).toEqual(occurrencesOf(timetable, fromMs, toMs + 1).map(({ nominalMs }) => nominalMs))
  })
  fc.assert(property, { seed, numRuns })
})
