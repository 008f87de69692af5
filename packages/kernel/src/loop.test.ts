import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLoop, type LoopOptions } from './loop.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** The shortest that a timer of Node waits. */
const AT_ONCE = 1

/** A loop whose rounds are noted by the time at which they begin; `results` are their delays, `null` after the last. */
function noting(results: readonly (number | null | Error)[], more: Partial<LoopOptions> = {}) {
  const began: number[] = []
  const from = performance.now()
  const loop = createLoop({
    async round() {
      began.push(performance.now() - from)
      const result = results[began.length - 1] ?? null
      if (result instanceof Error) throw result
      return result
    },
    onError: () => null,
    ...more,
  })
  return { loop, began }
}

test('begins no round before it is woken', async () => {
  const { loop, began } = noting([])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([])
  loop.wake(250)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([10_250])
})

test('begins rounds after the delays that they return', async () => {
  const { loop, began } = noting([100, 0, 50])
  loop.wake()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([0, 100, 100 + AT_ONCE, 150 + AT_ONCE])
})

test('takes the earliest of all wakes, and of the delay of the last round', async () => {
  const { loop, began } = noting([1000])
  loop.wake(500)
  loop.wake(200)
  loop.wake(900)
  await vi.advanceTimersByTimeAsync(300)
  loop.wake(100)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([200, 400])
})

test('runs one round at a time, and another one if it was woken in the meantime', async () => {
  let inside = 0
  let most = 0
  const { loop, began } = noting([], {
    async round() {
      began.push(performance.now())
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setTimeout(resolve, 100))
      inside -= 1
      return null
    },
  })
  loop.wake()
  await vi.advanceTimersByTimeAsync(50)
  loop.wake()
  loop.wake()
  await vi.advanceTimersByTimeAsync(10_000)
  expect([began.length, most]).toEqual([2, 1])
})

test('keeps wakes until the pause after a round is over, but not the delay of a round', async () => {
  const { loop, began } = noting([0, null], { pauseMs: () => 50 })
  loop.wake()
  await vi.advanceTimersByTimeAsync(10)
  loop.wake()
  loop.wake()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([0, AT_ONCE, 50 + AT_ONCE])
})

test('continues after a failure when its handler says', async () => {
  const heard: unknown[] = []
  const failure = new Error('away')
  const { loop, began } = noting([failure, null], {
    onError(error) {
      heard.push(error)
      return 300
    },
  })
  loop.wake()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([0, 300])
  expect(heard).toEqual([failure])
})

test('waits for the round in progress when it is stopped, and begins no other', async () => {
  let ended = false
  const heard: unknown[] = []
  const { loop, began } = noting([], {
    async round(signal) {
      began.push(0)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      ended = true
      throw signal.reason
    },
    onError(error) {
      heard.push(error)
      return 0
    },
  })
  loop.wake()
  await vi.advanceTimersByTimeAsync(10)
  await loop.stop()
  expect(ended).toBe(true)
  loop.wake()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toHaveLength(1)
  expect(heard).toEqual([])
})

test('waits longer than a timer can', async () => {
  const month = 31 * 24 * 3_600_000
  const { loop, began } = noting([])
  loop.wake(month)
  await vi.advanceTimersByTimeAsync(month - 1)
  expect(began).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(began).toHaveLength(1)
})
