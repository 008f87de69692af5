import type { RetryPolicy } from '@orrery/engine/workflow'

/** Ordinaut's kinds of backoff. */
export type BackoffStrategy = 'exponential_jitter' | 'fixed' | 'linear'

const baseMs = 1_000
const delayMsMax = 60_000

/**
 * `max_retries` and `backoff_strategy` as a policy. Delays are those that Ordinaut meant: from 1 s, up to 60 s, and with jitter between half
 * of the delay and all of it. `maxRetries` does not count the first attempt.
 */
export function backoffPolicy(strategy: BackoffStrategy, maxRetries: number): RetryPolicy {
  const policy = { maxAttempts: maxRetries + 1, initialMs: baseMs, maxMs: delayMsMax, nonRetryable: [] }
  switch (strategy) {
    case 'exponential_jitter':
      return { ...policy, factor: 2, jitter: 'equal', incrementMs: 0 }
    case 'fixed':
      return { ...policy, factor: 1, jitter: 'none', incrementMs: 0 }
    case 'linear':
      return { ...policy, factor: 1, jitter: 'none', incrementMs: baseMs }
  }
}
