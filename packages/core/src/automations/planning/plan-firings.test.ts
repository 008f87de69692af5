/**
 * When schedules fire: pauses, snoozes, downtimes and clocks set forwards and back. Random schedules are compared with the list of
 * occurrences from the recurrence package.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyScheduleChange, type FiringState, initialFiringState, type Timetable } from './firing-state.ts'
import { planFirings } from './plan-firings.ts'
import { every, hourMs, minuteMs, numRuns, occurrencesOf, schedules, seed, startMs, timetableOf } from './planning.fixture.ts'
import { resumeFirings } from './resume-firings.ts'

const at = (hours: number): number => startMs + hours * hourMs
const hours = (nominals: readonly { readonly nominalMs: number }[]): number[] =>
  nominals.map(({ nominalMs }) => (nominalMs - startMs) / hourMs)
const begin = (change: Partial<FiringState> = {}): FiringState => ({ ...initialFiringState(at(0.5)), ...change })

describe('occurrences that are due', () => {
  test('fires an occurrence at its time, and wakes at the next one', () => {
    const plan = planFirings(begin(), every('1h'), at(1))
    expect(plan.firings).toEqual([{ nominalMs: at(1), firesAtMs: at(1), lateMs: 0 }])
    expect(plan.wake).toEqual({ kind: 'at', atMs: at(2) })
    expect(planFirings(plan.state, every('1h'), at(1)).firings).toEqual([])
  })

  test('does not fire occurrences from before the trigger began', () => {
    expect(hours(planFirings(initialFiringState(at(1)), every('1h'), at(2)).firings)).toEqual([1, 2])
    expect(hours(planFirings(applyScheduleChange(initialFiringState(at(1)), at(5)), every('1h'), at(6)).firings)).toEqual([5, 6])
  })

  test('does not fire an occurrence again when the schedule changes at the same instant', () => {
    const { state } = planFirings(begin(), every('1h'), at(1))
    expect(planFirings(applyScheduleChange(state, at(1)), every('30m'), at(1)).firings).toEqual([])
  })

  test('keeps the nominal time under jitter, which is the same each time', () => {
    const timetable = every('1h', {}, { jitter: '50m' })
    const first = planFirings(begin(), timetable, at(1))
    expect(first.firings).toEqual([])
    const atMs = first.wake.kind === 'at' ? first.wake.atMs : 0
    expect(atMs).toBeGreaterThan(at(1))
    expect(atMs).toBeLessThan(at(2))
    expect(planFirings(first.state, timetable, atMs).firings).toEqual([{ nominalMs: at(1), firesAtMs: atMs, lateMs: 0 }])
  })

  test('ends when the schedule ends', () => {
    const timetable = every('1h', {}, { end: '2026-03-06T02:00Z' })
    const plan = planFirings(begin(), timetable, at(3))
    expect([hours(plan.firings), plan.wake]).toEqual([[1, 2], { kind: 'ended' }])
  })

  test('ends the search at a limit if the excludes leave no occurrence', () => {
    const none = timetableOf({
      zone: 'UTC',
      include: [{ kind: 'interval', every: '1s' }],
      exclude: [{ kind: 'cron', cron: '* * * * * *' }],
    })
    expect(planFirings(begin(), none, at(1)).wake).toEqual({ kind: 'limit' })
  })

  test('ends when the limit of firings is used up', () => {
    const plan = planFirings(begin({ remaining: 2 }), every('1h'), at(9))
    expect([hours(plan.firings), plan.wake, plan.state.remaining]).toEqual([[1, 2], { kind: 'ended' }, 0])
    expect(planFirings(plan.state, every('1h'), at(20)).firings).toEqual([])
  })
})

describe('late occurrences', () => {
  const late = (policy: Partial<Timetable>) => planFirings(begin(), every('1h', policy), at(5) + 10 * minuteMs)

  test('all: fires each, oldest first', () => {
    expect(hours(late({ misfire: 'all' }).firings)).toEqual([1, 2, 3, 4, 5])
  })

  test('latest: fires the newest, and records the others as coalesced', () => {
    const plan = late({ misfire: 'latest' })
    expect(hours(plan.firings)).toEqual([5])
    expect(plan.skips).toEqual([{ reason: 'coalesced', fromMs: at(1), toMs: at(4), count: 4, isExact: true }])
  })

  test('none: skips late ones, and fires punctual ones', () => {
    expect(late({ misfire: 'none' }).skips).toEqual([{ reason: 'misfire', fromMs: at(1), toMs: at(5), count: 5, isExact: true }])
    expect(hours(planFirings(begin(), every('1h', { misfire: 'none' }), at(5) + 1_000).firings)).toEqual([5])
  })

  test('skips occurrences older than the catch-up window under any policy', () => {
    const plan = late({ misfire: 'all', catchUpWindowMs: 3 * hourMs })
    expect(hours(plan.firings)).toEqual([3, 4, 5])
    expect(plan.skips).toEqual([{ reason: 'catch_up_window', fromMs: at(1), toMs: at(2), count: 2, isExact: true }])
  })

  test('continues in the next plan when more is due than one plan holds', () => {
    const first = planFirings(begin(), every('1h'), at(5), 3)
    expect([hours(first.firings), first.wake]).toEqual([[1, 2, 3], { kind: 'at', atMs: at(4) }])
    expect(hours(planFirings(first.state, every('1h'), at(5), 3).firings)).toEqual([4, 5])
  })

  test('fires at the very edge of the window, and counts occurrences as punctual up to the grace period', () => {
    const edge = every('1h', { catchUpWindowMs: 10 * minuteMs, graceMs: minuteMs, misfire: 'latest' })
    const firedAt = (timetable: Timetable, nowMs: number) => hours(planFirings(begin(), timetable, nowMs).firings)
    expect(firedAt(edge, at(1) + 10 * minuteMs)).toEqual([1])
    expect(firedAt(edge, at(1) + 10 * minuteMs + 1)).toEqual([])
    const close = every('1m', { graceMs: minuteMs, misfire: 'latest' })
    expect(planFirings(begin(), close, at(0.5) + minuteMs).firings).toHaveLength(2)
    expect(planFirings(begin(), close, at(0.5) + minuteMs + 1).firings).toHaveLength(1)
    const none = every('1h', { graceMs: minuteMs, misfire: 'none' })
    expect([firedAt(none, at(1) + minuteMs), firedAt(none, at(1) + minuteMs + 1)]).toEqual([[1], []])
  })

  test('needs a bounded number of searches for a year of a schedule that fires each second', () => {
    const timetable = every('1s', { misfire: 'latest' })
    const { schedule } = timetable
    let searches = 0
    const next = (afterMs: number) => {
      searches += 1
      return schedule.instants.next(afterMs)
    }
    const plan = planFirings(begin(), { ...timetable, schedule: { ...schedule, instants: { next } } }, at(365 * 24))
    expect(searches).toBeLessThan(1_100)
    expect(hours(plan.firings)).toEqual([365 * 24])
    expect(plan.skips).toEqual([{ reason: 'coalesced', fromMs: at(0.5), toMs: at(365 * 24) - 1, count: 1_000, isExact: false }])
  })
})

describe('a clock', () => {
  test('fires nothing until a clock that was set back has caught up', () => {
    const { state } = planFirings(begin(), every('1h'), at(3))
    const back = planFirings(state, every('1h'), at(2))
    expect([back.firings, back.wake, back.clockBehindMs]).toEqual([[], { kind: 'at', atMs: at(4) }, hourMs])
    expect(back.state).toEqual(state)
  })

  test('treats a clock that was set forwards like a downtime', () => {
    const { state } = planFirings(begin(), every('1h', { misfire: 'latest' }), at(1))
    expect(hours(planFirings(state, every('1h', { misfire: 'latest' }), at(8.5)).firings)).toEqual([8])
  })
})

describe('pause, snooze, skip next', () => {
  test('skips the occurrences during a pause', () => {
    const paused = begin({ mode: { kind: 'paused' } })
    expect(planFirings(paused, every('1h'), at(3)).wake).toEqual({ kind: 'paused' })
    const resumed = resumeFirings(paused, every('1h'), at(3))
    expect(resumed.skip).toEqual({ reason: 'paused', fromMs: at(1), toMs: at(3), count: 3, isExact: true })
    expect(hours(planFirings(resumed.state, every('1h'), at(4)).firings)).toEqual([4])
  })

  test('treats the occurrences during a snooze as late at its end', () => {
    const snoozed = begin({ mode: { kind: 'snoozed', untilMs: at(3.5) } })
    const latest = every('1h', { misfire: 'latest' })
    expect(planFirings(snoozed, latest, at(3))).toMatchObject({ firings: [], wake: { kind: 'at', atMs: at(3.5) } })
    const after = planFirings(snoozed, latest, at(3.5))
    expect([hours(after.firings), after.state.mode]).toEqual([[3], { kind: 'active' }])
    expect(hours(planFirings(snoozed, every('1h', { misfire: 'all' }), at(3.5)).firings)).toEqual([1, 2, 3])
    expect(hours(planFirings(snoozed, every('1h', { misfire: 'none' }), at(3.5)).firings)).toEqual([])
  })

  test('fires occurrences that a snooze deferred even if they are older than the catch-up window, in batches of any size', () => {
    const timetable = every('1h', { catchUpWindowMs: 30 * minuteMs })
    const first = planFirings(begin({ mode: { kind: 'snoozed', untilMs: at(3.5) } }), timetable, at(3.6), 2)
    expect(hours([...first.firings, ...planFirings(first.state, timetable, at(3.6), 2).firings])).toEqual([1, 2, 3])
  })

  test('fires the deferred occurrences when a snooze is ended early', () => {
    const { state } = resumeFirings(begin({ mode: { kind: 'snoozed', untilMs: at(9) } }), every('1h'), at(2))
    expect(hours(planFirings(state, every('1h'), at(2)).firings)).toEqual([1, 2])
    expect(resumeFirings(begin(), every('1h'), at(2))).toEqual({ state: begin(), skip: null })
  })

  test('skips as many of the next occurrences as skipNext says', () => {
    const plan = planFirings(begin({ skipNext: 2 }), every('1h'), at(4))
    expect([hours(plan.firings), plan.skips.map(({ reason }) => reason), plan.state.skipNext]).toEqual([
      [3, 4],
      ['skip_next', 'skip_next'],
      0,
    ])
  })
})

describe(`over random schedules, downtimes and clocks (seed ${seed})`, () => {
  const moves = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 30 * minuteMs }) },
      { weight: 2, arbitrary: fc.integer({ min: hourMs, max: 60 * hourMs }) },
      { weight: 1, arbitrary: fc.integer({ min: -20 * hourMs, max: 0 }) },
    ),
    { minLength: 1, maxLength: 25 },
  )
  const policies = fc.record({
    catchUpWindowMs: fc.constantFrom(10_000, hourMs, 30 * hourMs, 365 * 24 * hourMs),
    graceMs: fc.constantFrom(0, minuteMs, hourMs),
  })
  const batches = fc.integer({ min: 1, max: 7 })

  /**
   * Plans at each instant until nothing more is due. Yields one round per instant, with the occurrences that are due by the recurrence
   * package.
   */
  function* drain(timetable: Timetable, steps: readonly number[], batch: number) {
    let state = initialFiringState(startMs)
    let nowMs = startMs
    for (const step of steps) {
      nowMs += step
      const plans = []
      const cursorMs = state.cursorMs
      for (let wakeMs = nowMs; wakeMs <= nowMs; ) {
        const plan = planFirings(state, timetable, nowMs, batch)
        expect(plan.state.cursorMs).toBeGreaterThanOrEqual(state.cursorMs)
        expect(plan.firings.length).toBeLessThanOrEqual(batch)
        plans.push(plan)
        state = plan.state
        wakeMs = plan.wake.kind === 'at' ? plan.wake.atMs : Number.POSITIVE_INFINITY
      }
      const due = occurrencesOf(timetable, cursorMs + 1, nowMs + 1).filter(({ firesAtMs }) => firesAtMs <= nowMs)
      yield { nowMs, due, firings: plans.flatMap(({ firings }) => firings), skips: plans.flatMap(({ skips }) => skips), state }
    }
  }

  for (const misfire of ['all', 'latest', 'none'] as const) {
    test(`${misfire}: fires the occurrences that the policy selects from the list, each once`, () => {
      const property = fc.property(schedules, policies, moves, batches, (schedule, policy, steps, batch) => {
        const timetable = timetableOf(schedule, { ...policy, misfire })
        const fired = new Set<number>()
        for (const { nowMs, due, firings, skips } of drain(timetable, steps, batch)) {
          const isInWindow = due.filter(({ firesAtMs }) => nowMs - firesAtMs <= policy.catchUpWindowMs)
          const isPunctual = isInWindow.filter(({ firesAtMs }) => nowMs - firesAtMs <= policy.graceMs)
          const hasLate = isPunctual.length < isInWindow.length
          const expected = misfire === 'all' ? isInWindow : misfire === 'none' || !hasLate ? isPunctual : isInWindow.slice(-1)
          expect(firings).toEqual(expected.map((one) => ({ ...one, lateMs: nowMs - one.firesAtMs })))
          // Every occurrence that did not fire is recorded as skipped.
          const skipped = skips.reduce((sum, { count }) => sum + count, 0)
          expect(skips.every(({ isExact }) => isExact)).toBe(true)
          expect(firings.length + skipped).toBe(due.length)
          for (const { nominalMs } of firings) {
            expect(fired.has(nominalMs)).toBe(false)
            fired.add(nominalMs)
          }
        }
      })
      fc.assert(property, { seed, numRuns })
    })
  }

  test('all: loses and repeats no occurrence if the window is long enough', () => {
    const property = fc.property(schedules, moves, batches, (schedule, steps, batch) => {
      const timetable = timetableOf(schedule)
      const rounds = [...drain(timetable, steps, batch)]
      const latestMs = Math.max(...rounds.map(({ nowMs }) => nowMs))
      const everything = occurrencesOf(timetable, startMs, latestMs + 1).filter(({ firesAtMs }) => firesAtMs <= latestMs)
      const fired = rounds.flatMap(({ firings }) => firings.map(({ nominalMs }) => nominalMs))
      expect(fired).toEqual(everything.map(({ nominalMs }) => nominalMs))
    })
    fc.assert(property, { seed, numRuns })
  })

  test('fires everything punctually when it plans only at each wake', () => {
    const property = fc.property(schedules, batches, (schedule, batch) => {
      const timetable = timetableOf(schedule)
      let state = initialFiringState(startMs)
      const fired: number[] = []
      for (let nowMs = startMs, wakes = 0; wakes < 60; wakes++) {
        const plan = planFirings(state, timetable, nowMs, batch)
        for (const { lateMs } of plan.firings) expect(lateMs).toBe(0)
        fired.push(...plan.firings.map(({ nominalMs }) => nominalMs))
        state = plan.state
        if (plan.wake.kind !== 'at') break
        nowMs = plan.wake.atMs
      }
      const horizonMs = (fired.at(-1) ?? startMs) + 1
      expect(fired).toEqual(occurrencesOf(timetable, startMs, horizonMs).map(({ nominalMs }) => nominalMs))
    })
    fc.assert(property, { seed, numRuns })
  })

  test('fires or records every occurrence despite pauses, snoozes and skips', () => {
    const commands = fc.array(
      fc.tuple(fc.constantFrom('pause', 'resume', 'snooze', 'skip', 'go'), fc.integer({ min: -hourMs, max: 9 * hourMs })),
      { maxLength: 30 },
    )
    const property = fc.property(
      schedules,
      policies,
      fc.constantFrom('all', 'latest', 'none'),
      commands,
      (schedule, policy, misfire, list) => {
        const timetable = timetableOf(schedule, { ...policy, misfire })
        let state = initialFiringState(startMs)
        let nowMs = startMs
        let handled = 0
        for (const [command, stepMs] of list) {
          nowMs += stepMs
          if (command === 'pause') state = { ...state, mode: { kind: 'paused' } }
          if (command === 'snooze') state = { ...state, mode: { kind: 'snoozed', untilMs: nowMs + 3 * hourMs } }
          if (command === 'skip') state = { ...state, skipNext: state.skipNext + 1 }
          if (command === 'resume') {
            const resumed = resumeFirings(state, timetable, nowMs)
            handled += resumed.skip?.count ?? 0
            state = resumed.state
          }
          const plan = planFirings(state, timetable, nowMs, 1_000_000)
          if (plan.state.mode.kind !== 'active') expect(plan.firings).toEqual([])
          handled += plan.firings.length + plan.skips.reduce((sum, { count }) => sum + count, 0)
          state = plan.state
        }
        expect(handled).toBe(occurrencesOf(timetable, startMs, state.cursorMs + 1).length)
      },
    )
    fc.assert(property, { seed, numRuns })
  })
})
