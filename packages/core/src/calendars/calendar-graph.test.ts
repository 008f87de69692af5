import type { CalendarDefinition } from '@orrery/contract'
import { describe, expect, test } from 'vitest'
import { closureOf, dependentsOf, findCycle, heightOf } from './calendar-graph.ts'

const on = (...names: string[]): CalendarDefinition => ({ zone: 'UTC', layers: names.map((calendar) => ({ kind: 'calendar', calendar })) })
const all = new Map([
  ['base', on()],
  ['us', on('base')],
  ['uk', on('base', 'nowhere')],
  ['both', on('us', 'uk')],
  ['other', on()],
])

describe('calendars that depend on one another', () => {
  test('finds the closure, the dependents and the height of calendars', () => {
    expect([...closureOf(all, ['both'])].sort()).toEqual(['base', 'both', 'uk', 'us'])
    expect(closureOf(all, ['nowhere'])).toEqual(new Set())
    expect(dependentsOf(all, ['base'])).toEqual(['base', 'us', 'uk', 'both'])
    expect(dependentsOf(all, ['other', 'us'])).toEqual(['us', 'both', 'other'])
    expect(['base', 'us', 'both'].map((name) => heightOf(all, name))).toEqual([1, 2, 3])
  })

  test('returns the cycle of a calendar that depends on itself', () => {
    expect(findCycle(all, 'both')).toBeNull()
    expect(findCycle(new Map(all).set('base', on('both')), 'base')).toEqual(['base', 'both', 'us', 'base'])
    expect(findCycle(new Map([['me', on('me')]]), 'me')).toEqual(['me', 'me'])
    // A cycle that does not contain the calendar does not count.
    const others = new Map([
      ['a', on('b')],
      ['b', on('a')],
      ['c', on('a')],
    ])
    expect(findCycle(others, 'c')).toBeNull()
  })

  test('visits each calendar once, even if it is named many times', () => {
    const ladder = new Map(Array.from({ length: 60 }, (_, n) => [String(n), on(String(n + 1), String(n + 1), String(n + 2))] as const))
    expect(heightOf(ladder, '0')).toBe(60)
    expect(findCycle(ladder, '0')).toBeNull()
    expect(closureOf(ladder, ['0']).size).toBe(60)
  })
})
