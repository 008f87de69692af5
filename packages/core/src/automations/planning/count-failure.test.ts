import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countFailure, type RunEnd } from './count-failure.ts'
import { numRuns, seed } from './planning.fixture.ts'

describe('countFailure', () => {
  const play = (ends: readonly RunEnd[], pauseAfter: number | null) => {
    let failures = 0
    return ends.map((end) => {
      const count = countFailure(failures, end, pauseAfter)
      failures = count.consecutiveFailures
      return count.isPausing
    })
  }

  test('pauses at failure number pauseAfter in a row', () => {
    expect(play(['failed', 'timed_out', 'failed'], 3)).toEqual([false, false, true])
    expect(play(['failed', 'succeeded', 'failed'], 2)).toEqual([false, false, false])
  })

  test('ignores cancelled runs', () => {
    expect(play(['failed', 'cancelled', 'failed'], 2)).toEqual([false, false, true])
  })

  test('never pauses if pauseAfter is null', () => {
    expect(play(['failed', 'failed', 'failed'], null)).toEqual([false, false, false])
  })

  test(`pauses exactly when the last pauseAfter runs that were not cancelled failed (seed ${seed})`, () => {
    const ends = fc.array(fc.constantFrom<RunEnd>('succeeded', 'failed', 'timed_out', 'cancelled'), { minLength: 1, maxLength: 30 })
    const property = fc.property(ends, fc.integer({ min: 1, max: 4 }), (list, pauseAfter) => {
      const judged = list.filter((end) => end !== 'cancelled').slice(-pauseAfter)
      const isBad = judged.length === pauseAfter && judged.every((end) => end !== 'succeeded')
      expect(play(list, pauseAfter).at(-1)).toBe(isBad && list.at(-1) !== 'cancelled')
    })
    fc.assert(property, { seed, numRuns })
  })
})
