import { describe, expect, test } from 'vitest'
import { toPriority, toRank } from './priority-rank.ts'

describe('priorities', () => {
  test('1 is the most urgent, 5 is normal, 9 is the least', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map(toPriority)).toEqual([
      'urgent',
      'urgent',
      'high',
      'high',
      'normal',
      'normal',
      'low',
      'low',
      'low',
    ])
  })

  test('a priority becomes a rank and the same priority again', () => {
    for (const priority of ['low', 'normal', 'high', 'urgent'] as const) expect(toPriority(toRank(priority))).toBe(priority)
  })

  test.each([0, 10, 2.5, Number.NaN])('refuses %d', (rank) => {
    expect(() => toPriority(rank)).toThrow(RangeError)
  })
})
