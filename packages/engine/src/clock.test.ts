import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'

const DAY_MS = 86_400_000

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

it.each([1, 24, 25, 30, 100])('a timer of %i days fires then, and not before', (days) => {
  const fire = vi.fn()
  systemClock.setTimeout(fire, days * DAY_MS)
  vi.advanceTimersByTime(days * DAY_MS - 1)
  expect(fire).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(fire).toHaveBeenCalledOnce()
})

it('a timer of 60 days can be cleared in any part', () => {
  const fire = vi.fn()
  const timer = systemClock.setTimeout(fire, 60 * DAY_MS)
  vi.advanceTimersByTime(30 * DAY_MS)
  systemClock.clearTimeout(timer)
  vi.advanceTimersByTime(60 * DAY_MS)
  expect(fire).not.toHaveBeenCalled()
})
