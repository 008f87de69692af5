import { expect, test } from 'vitest'
import { chainDepth, findLoop } from './find-loop.ts'

test('a chain has at most 17 firings', () => {
  expect(findLoop(16)).toBeNull()
  expect(findLoop(17)).toBe('loop: a chain of 17 firings led to this one')
})

test('a request for an hour later begins a new chain, so that an automation may reschedule itself for years', () => {
  expect([chainDepth(17, 0), chainDepth(17, 3_599_999)]).toEqual([17, 17])
  expect(chainDepth(17, 3_600_000)).toBe(0)
})
