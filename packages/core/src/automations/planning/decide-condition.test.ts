import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ConditionMode, decideCondition, initialCondition } from './decide-condition.ts'
import { numRuns, seed } from './planning.fixture.ts'

/** Evaluates one value per second. Returns the seconds at which the condition fires. */
function simulate(mode: ConditionMode, values: readonly (boolean | null)[], stepMs = 1_000): number[] {
  let state = initialCondition
  return values.flatMap((value, second) => {
    const judged = decideCondition(mode, state, value, second * stepMs)
    state = judged.state
    return judged.isFiring ? [second] : []
  })
}

const values = [true, true, false, false, true, null, true, false, null, true]

describe('a condition', () => {
  test('rising: fires when it becomes true, but not if the first value is true', () => {
    expect(simulate({ kind: 'rising' }, values)).toEqual([4, 9])
  })

  test('falling: fires when it becomes false', () => {
    expect(simulate({ kind: 'falling' }, values)).toEqual([2, 7])
  })

  test('change: fires when it becomes true and when it becomes false', () => {
    expect(simulate({ kind: 'change' }, values)).toEqual([2, 4, 7, 9])
  })

  test('level: fires while it is true, at most once per interval', () => {
    expect(simulate({ kind: 'level', everyMs: 0 }, values)).toEqual([0, 1, 4, 6, 9])
    expect(simulate({ kind: 'level', everyMs: 5_000 }, values)).toEqual([0, 6])
  })

  test('level: does not fire again when the clock is set back', () => {
    expect(decideCondition({ kind: 'level', everyMs: 0 }, { value: true, firedAtMs: 9_000 }, true, 5_000).isFiring).toBe(false)
  })

  test(`fires at the same instants for change as for rising and falling together, which alternate (seed ${seed})`, () => {
    const lists = fc.array(fc.constantFrom(true, false, null), { maxLength: 40 })
    const property = fc.property(lists, (list) => {
      const rising = simulate({ kind: 'rising' }, list)
      const falling = simulate({ kind: 'falling' }, list)
      expect([...rising, ...falling].sort((a, b) => a - b)).toEqual(simulate({ kind: 'change' }, list))
      expect(Math.abs(rising.length - falling.length)).toBeLessThanOrEqual(1)
      // Missing values make no difference.
      const known = list.filter((value) => value !== null)
      expect(simulate({ kind: 'change' }, known)).toHaveLength(rising.length + falling.length)
    })
    fc.assert(property, { seed, numRuns })
  })
})
