import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ConditionMode, decideCondition, initialCondition } from './decide-condition.ts'
import { numRuns, seed } from './planning.fixture.ts'

/** Values, one a second; gives the seconds at which it fires. */
function play(mode: ConditionMode, values: readonly (boolean | null)[], stepMs = 1_000): number[] {
  let state = initialCondition
  return values.flatMap((value, second) => {
    const judged = decideCondition(mode, state, value, second * stepMs)
    state = judged.state
    return judged.isFiring ? [second] : []
  })
}

const values = [true, true, false, false, true, null, true, false, null, true]

describe('conditions', () => {
  test('rising: as it becomes true; being true at first is no edge', () => {
    expect(play({ kind: 'rising' }, values)).toEqual([4, 9])
  })

  test('falling: as it becomes false', () => {
    expect(play({ kind: 'falling' }, values)).toEqual([2, 7])
  })

  test('change: both', () => {
    expect(play({ kind: 'change' }, values)).toEqual([2, 4, 7, 9])
  })

  test('level: while it is true, so often at most', () => {
    expect(play({ kind: 'level', everyMs: 0 }, values)).toEqual([0, 1, 4, 6, 9])
    expect(play({ kind: 'level', everyMs: 5_000 }, values)).toEqual([0, 6])
  })

  test('a clock that is set back does not make a level fire again', () => {
    expect(decideCondition({ kind: 'level', everyMs: 0 }, { value: true, firedAtMs: 9_000 }, true, 5_000).isFiring).toBe(false)
  })

  test(`rising and falling take turns, and together are change (seed ${seed})`, () => {
    const lists = fc.array(fc.constantFrom(true, false, null), { maxLength: 40 })
    const property = fc.property(lists, (list) => {
      const rising = play({ kind: 'rising' }, list)
      const falling = play({ kind: 'falling' }, list)
      expect([...rising, ...falling].sort((a, b) => a - b)).toEqual(play({ kind: 'change' }, list))
      expect(Math.abs(rising.length - falling.length)).toBeLessThanOrEqual(1)
      // Values that are not there make no difference.
      const known = list.filter((value) => value !== null)
      expect(play({ kind: 'change' }, known)).toHaveLength(rising.length + falling.length)
    })
    fc.assert(property, { seed, numRuns })
  })
})
