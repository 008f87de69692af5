import { nextDelayMs } from '@orrery/engine/workflow'
import { describe, expect, test } from 'vitest'
import { backoffPolicy } from './backoff-policy.ts'

describe('backoffPolicy', () => {
  const delays = (strategy: Parameters<typeof backoffPolicy>[0], maxRetries: number, random = 0) =>
    Array.from({ length: maxRetries + 1 }, (_, index) => nextDelayMs(backoffPolicy(strategy, maxRetries), index + 1, random))

  test('fixed: repeats the same delay', () => {
    expect(delays('fixed', 3)).toEqual([1_000, 1_000, 1_000, null])
  })

  test('linear: adds a second each time', () => {
    expect(delays('linear', 3)).toEqual([1_000, 2_000, 3_000, null])
  })

  test('exponential_jitter: doubles the delay, and draws between half of it and all of it', () => {
    expect(delays('exponential_jitter', 3)).toEqual([500, 1_000, 2_000, null])
    expect(delays('exponential_jitter', 3, 0.999_999)).toEqual([1_000, 2_000, 4_000, null])
  })

  test('never exceeds a minute, and makes one attempt without retries', () => {
    for (const strategy of ['fixed', 'linear', 'exponential_jitter'] as const) {
      expect(nextDelayMs(backoffPolicy(strategy, 1_000), 900, 0.999)).toBeLessThanOrEqual(60_000)
      expect(delays(strategy, 0)).toEqual([null])
    }
  })
})
