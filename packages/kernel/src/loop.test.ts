import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLoop, type LoopOptions } from './loop.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** The shortest delay of a Node timer. */
const AT_ONCE = 1

/** A loop that records when each round starts. The rounds return `results` in order, and `null` after the last. */
function recordingLoop(results: readonly (number | null | Error)[], more: Partial<LoopOptions> = {}) {
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

test('a loop starts no round before it is woken', async () => {
  const { loop, began } = recordingLoop([])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([])
  loop.wake(250)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([10_250])
})

test('a loop starts the next round after the delay that a round returns', async () => {
  const { loop, began } = recordingLoop([100, 0, 50])
  loop.wake()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([0, 100, 100 + AT_ONCE, 150 + AT_ONCE])
})

test('a loop starts the next round at the earliest time among all wakes and the delay of the last round', async () => {
  const { loop, began } = recordingLoop([1000])
  loop.wake(500)
  loop.wake(200)
  loop.wake(900)
  await vi.advanceTimersByTimeAsync(300)
  loop.wake(100)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([200, 400])
})

test('a loop runs one round at a time, and one more if it was woken during a round', async () => {
  let inside = 0
  let most = 0
  const ends: (() => void)[] = []
  const { loop, began } = recordingLoop([], {
    async round() {
      began.push(performance.now())
      inside += 1
      most = Math.max(most, inside)
      await new Promise<void>((resolve) => ends.push(resolve))
      inside -= 1
      return null
    },
  })
  loop.wake()
  await vi.advanceTimersByTimeAsync(50)
  loop.wake()
  loop.wake()
  for (let n = 0; n < 3; n++) {
    await vi.advanceTimersByTimeAsync(10_000)
    ends.shift()?.()
  }
  expect([began.length, most]).toEqual([2, 1])
})

test('a loop applies the pause after a round to wakes, but not to the delay that the round returned', async () => {
  const { loop, began } = recordingLoop([0, null], { pauseMs: () => 50 })
  loop.wake()
  await vi.advanceTimersByTimeAsync(10)
  loop.wake()
  loop.wake()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([0, AT_ONCE, 50 + AT_ONCE])
})

test('a wake does not shorten the delay after a failure', async () => {
  const { loop, began } = recordingLoop([new Error('away'), null], { onError: () => 300 })
  loop.wake()
  await vi.advanceTimersByTimeAsync(10)
  loop.wake()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(began).toEqual([0, 300])
})

test('a loop continues after a failure when the error handler says so', async () => {
  const heard: unknown[] = []
  const failure = new Error('away')
  const { loop, began } = recordingLoop([failure, null], {
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

test('a stopped loop waits for the round in progress and starts no other', async () => {
  let ended = false
  const heard: unknown[] = []
  const { loop, began } = recordingLoop([], {
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

test('a loop waits for longer than a timer can', async () => {
  const month = 31 * 24 * 3_600_000
  const { loop, began } = recordingLoop([])
  loop.wake(month)
  await vi.advanceTimersByTimeAsync(month - 1)
  expect(began).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(began).toHaveLength(1)
})
