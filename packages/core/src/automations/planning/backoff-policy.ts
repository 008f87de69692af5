import { nextDelayMs, type RetryPolicy } from '@orrery/engine/workflow'

/** Ordinaut's kinds of backoff. */
export type BackoffStrategy = 'exponential_jitter' | 'fixed' | 'linear'

/** The engine's policy, and what a linear one needs besides. */
export interface BackoffPolicy extends RetryPolicy {
  /** Added to the delay with each further attempt. */
  readonly incrementMs: number
}

const baseMs = 1_000
const delayMsMax = 60_000

/**
 * `max_retries` and `backoff_strategy` as a policy. Delays are those that Ordinaut meant: from 1 s, up to 60 s, and with jitter between half
 * of the delay and all of it. `maxRetries` does not count the first attempt.
 */
export function backoffPolicy(strategy: BackoffStrategy, maxRetries: number): BackoffPolicy {
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

/** Milliseconds to wait after attempt number `attempt` (1, 2, …) failed, or null when that was the last. `random` is in [0, 1). */
export function backoffDelayMs(policy: BackoffPolicy, attempt: number, random: number): number | null {
  // The attempt's own first delay, so that the engine's bound and jitter hold for it as for any other.
  return nextDelayMs({ ...policy, initialMs: policy.initialMs + policy.incrementMs * (attempt - 1) }, attempt, random)
}
