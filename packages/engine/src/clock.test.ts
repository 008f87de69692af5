import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { databaseClock, systemClock } from './clock.ts'

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

describe('the database’s time', () => {
  const AHEAD_MS = 7_200_000
  /** The machine's time is its own; the database's is `AHEAD_MS` more. */
  const start = () => {
    const machine = { at: 1_000_000 }
    const clock = databaseClock({ ...systemClock, now: () => machine.at })
    /** The database reads its time between the two parts of the trip. */
    const read = (thereMs: number, backMs: number, stepMs = 0): void => {
      const onTime = clock.reading()
      machine.at += thereMs
      const now = machine.at + AHEAD_MS + stepMs
      machine.at += backMs
      onTime(now)
    }
    return { read, error: () => clock.now() - machine.at - AHEAD_MS }
  }

  it('is never ahead after a first reading, however long that took', () => {
    for (const [there, back] of [
      [10_000, 0],
      [0, 10_000],
      [3, 4],
    ] as const) {
      const { read, error } = start()
      read(there, back)
      expect(error() + back).toBe(0)
    }
  })

  it('is not spoilt by a slow reading', () => {
    const { read, error } = start()
    read(0, 1)
    for (const [there, back] of [
      [10_000, 0],
      [0, 10_000],
    ] as const) {
      read(there, back)
      expect(error()).toBeOneOf([-1, 0])
    }
  })

  it('follows a database whose time was set', () => {
    const { read, error } = start()
    read(0, 1)
    read(1, 1, 60_000)
    expect(Math.abs(error() - 60_000)).toBeLessThanOrEqual(1)
    read(1, 1, -60_000)
    expect(Math.abs(error() + 60_000)).toBeLessThanOrEqual(1)
  })
})
