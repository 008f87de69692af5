import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findLastDue } from './find-last-due.ts'
import { every, hourMs, numRuns, occurrencesOf, schedules, seed, startMs, timetableOf } from './planning.fixture.ts'

test(`finds the last of instants that are close together (seed ${seed})`, () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 15 })
  const bound = fc.integer({ min: -2, max: 42 })
  const property = fc.property(times, bound, bound, (list, afterMs, byMs) => {
    const sorted = list.toSorted((a, b) => a - b)
    const next = (after: number) => sorted.find((time) => time > after) ?? 'ended'
    const { schedule, ...policy } = every('1h')
    const found = findLastDue({ ...policy, schedule: { ...schedule, instants: { next } } }, afterMs, byMs)
    expect(found?.nominalMs).toBe(sorted.findLast((time) => time > afterMs && time <= byMs))
  })
  fc.assert(property, { seed, numRuns: numRuns * 5 })
})

test(`finds the last due occurrence of random schedules with jitter (seed ${seed})`, () => {
  const property = fc.property(schedules, fc.integer({ min: 0, max: 400 * hourMs }), (schedule, spanMs) => {
    const timetable = timetableOf(schedule)
    const due = occurrencesOf(timetable, startMs + 1, startMs + spanMs + 1).filter(({ firesAtMs }) => firesAtMs <= startMs + spanMs)
    const found = findLastDue(timetable, startMs, startMs + spanMs)
    expect(found?.nominalMs).toBe(due.at(-1)?.nominalMs)
    expect(found?.firesAtMs).toBe(due.at(-1)?.firesAtMs)
  })
  fc.assert(property, { seed, numRuns })
})
