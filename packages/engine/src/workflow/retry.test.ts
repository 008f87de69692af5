import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_RETRY, isRetryable, nextDelayMs, parseRetry, type RetryOptions } from './retry.ts'

describe('retry', () => {
  test('the default makes five attempts', () => {
    expect(parseRetry(undefined)).toEqual(DEFAULT_RETRY)
    expect([1, 2, 3, 4, 5].map((attempt) => nextDelayMs({ ...DEFAULT_RETRY, jitter: 'none' }, attempt, 0.5))).toEqual([
      1000,
      2000,
      4000,
      8000,
      null,
    ])
  })

  test('false means one attempt', () => {
    expect(nextDelayMs(parseRetry(false), 1, 0)).toBeNull()
  })

  test('delays grow up to the maximum', () => {
    const policy = parseRetry({ max: 100, initial: '1s', factor: 10, maximum: '1m', jitter: 'full' })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
        const delay = nextDelayMs(policy, attempt, random) ?? -1
        return delay >= 0 && delay <= 60_000
      }),
    )
  })

  test('an increment adds to the factor with each attempt, up to the maximum', () => {
    const delays = (options: RetryOptions) =>
      [1, 2, 3, 4].map((attempt) => nextDelayMs(parseRetry({ max: 9, jitter: 'none', ...options }), attempt, 0))
    expect(delays({ initial: '1s', factor: 1, increment: '1s' })).toEqual([1000, 2000, 3000, 4000])
    expect(delays({ initial: '1s', factor: 1, increment: '2s', maximum: '4s' })).toEqual([1000, 3000, 4000, 4000])
    expect(delays({ initial: '1s', factor: 2, increment: '500ms' })).toEqual([1000, 2500, 5000, 9500])
  })

  test('equal jitter keeps at least half of the delay', () => {
    expect(nextDelayMs(parseRetry({ initial: '10s' }), 1, 0)).toBe(5000)
  })

  test('does not retry errors named as non-retryable, or that declare themselves so', () => {
    const policy = parseRetry({ nonRetryable: ['CardDeclined'] })
    const failure = { name: 'Error', message: '', kind: 'error' } as const
    expect(isRetryable(policy, failure)).toBe(true)
    expect(isRetryable(policy, { ...failure, kind: 'timeout' })).toBe(true)
    expect(isRetryable(policy, { ...failure, name: 'CardDeclined' })).toBe(false)
    expect(isRetryable(policy, { ...failure, kind: 'non_retryable' })).toBe(false)
  })

  test.each([
    { max: 0 },
    { max: 1.5 },
    { factor: 0.5 },
    { initial: '5' },
    { increment: '1' },
    { initial: '2m', maximum: '1m' },
    { jitter: 'some' as never },
  ])('refuses %j', (options) => {
    expect(() => parseRetry(options)).toThrow(TypeError)
  })
})
