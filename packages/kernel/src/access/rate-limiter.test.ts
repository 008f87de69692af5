import { describe, expect, it } from 'vitest'
import { createRateLimiter } from './rate-limiter.ts'

describe('the rate limiter', () => {
  it('allows a burst, then the rate, and returns the exact time until the next request is allowed', () => {
    let now = 0
    const limit = createRateLimiter({ perSecond: 10, burst: 3 }, () => now)
    expect([limit('a'), limit('a'), limit('a')]).toEqual([null, null, null])
    expect(limit('a')).toEqual({ retryAfterMs: 100 })
    expect(limit('b')).toBeNull()
    now = 99
    expect(limit('a')).toEqual({ retryAfterMs: 1 })
    now = 100
    expect(limit('a')).toBeNull()
    expect(limit('a')).not.toBeNull()
  })

  it('forgives a request that was counted', () => {
    const limit = createRateLimiter({ perSecond: 10, burst: 2 }, () => 7)
    limit('a')
    limit('a')
    expect(limit.ask('a')).not.toBeNull()
    limit.forgive('a')
    limit.forgive('unknown')
    expect([limit('a'), limit('a')]).toEqual([null, { retryAfterMs: 100 }])
  })

  it.each([1_000, 3_600_000, 365 * 86_400_000])('allows exactly one burst after %d idle ms', (idleMs) => {
    let now = 5
    const limit = createRateLimiter({ perSecond: 10, burst: 3 }, () => now)
    const burst = () => [limit('a'), limit('a'), limit('a'), limit('a')]
    expect(burst()).toEqual([null, null, null, { retryAfterMs: 100 }])
    now += idleMs
    expect(burst()).toEqual([null, null, null, { retryAfterMs: 100 }])
  })

  it('refills a burst in proportion to the idle time', () => {
    let now = 0
    const limit = createRateLimiter({ perSecond: 10, burst: 3 }, () => now)
    for (let count = 0; count < 3; count++) limit('a')
    now = 250
    expect([limit('a'), limit('a'), limit('a')]).toEqual([null, null, { retryAfterMs: 50 }])
  })

  it('never allows more requests over ten seconds than the rate and one burst', () => {
    let now = 0
    const limit = createRateLimiter({ perSecond: 50, burst: 5 }, () => now)
    let passed = 0
    for (; now < 10_000; now += 3) if (limit('a') === null) passed++
    expect(passed).toBeLessThanOrEqual(10 * 50 + 5)
    expect(passed).toBeGreaterThanOrEqual(10 * 50 - 1)
  })
})
