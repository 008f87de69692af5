import type { RetryPolicy } from '@orrery/engine/workflow'

/** The backoff strategies of Ordinaut. */
export type BackoffStrategy = 'exponential_jitter' | 'fixed' | 'linear'

const BASE_MS = 1_000
const DELAY_MAX_MS = 60_000

/**
 * The retry policy for `max_retries` and `backoff_strategy`. Delays are as Ordinaut intended them: from 1 s up to 60 s; jitter draws
 * between half of the delay and all of it. `maxRetries` does not count the first attempt.
 */
export function backoffPolicy(strategy: BackoffStrategy, maxRetries: number): RetryPolicy {
  const policy = { maxAttempts: maxRetries + 1, initialMs: BASE_MS, maxMs: DELAY_MAX_MS, nonRetryable: [] }
  switch (strategy) {
    case 'exponential_jitter':
      return { ...policy, factor: 2, jitter: 'equal', incrementMs: 0 }
    case 'fixed':
      return { ...policy, factor: 1, jitter: 'none', incrementMs: 0 }
    case 'linear':
      return { ...policy, factor: 1, jitter: 'none', incrementMs: BASE_MS }
  }
}
