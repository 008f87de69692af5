import { type Duration, parseDurationMs } from '@orrery/recurrence/duration'
import type { Failure, Jitter, RetryPolicy } from './protocol.ts'
import { type Known, requireKnown } from './require-known.ts'

/** A retry policy as written at a step. `DEFAULT_RETRY` supplies absent fields. */
export interface RetryOptions {
  readonly max?: number
  readonly initial?: Duration
  readonly factor?: number
  readonly increment?: Duration
  readonly maximum?: Duration
  readonly jitter?: Jitter
  readonly nonRetryable?: readonly string[]
}

const OPTIONS: Known<RetryOptions> = {
  max: true,
  initial: true,
  factor: true,
  increment: true,
  maximum: true,
  jitter: true,
  nonRetryable: true,
}

/** Five attempts with delays of about 1, 2, 4 and 8 seconds. That outlasts a restart of most services, yet fails within half a minute. */
export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 5,
  initialMs: 1000,
  factor: 2,
  incrementMs: 0,
  maxMs: 60_000,
  jitter: 'equal',
  nonRetryable: [],
}

/** `retry: false` means one attempt. Throws a TypeError that names the option at fault. */
export function parseRetry(options: RetryOptions | false | undefined): RetryPolicy {
  if (options === undefined) return DEFAULT_RETRY
  if (options === false) return { ...DEFAULT_RETRY, maxAttempts: 1 }
  requireKnown('retry', options, OPTIONS)
  const { max = DEFAULT_RETRY.maxAttempts, factor = DEFAULT_RETRY.factor, jitter = DEFAULT_RETRY.jitter, nonRetryable = [] } = options
  if (!Number.isInteger(max) || max < 1) throw new TypeError(`retry.max must be a whole number of attempts, at least 1, got ${max}`)
  if (!(factor >= 1) || !Number.isFinite(factor)) throw new TypeError(`retry.factor must be at least 1, got ${factor}`)
  if (jitter !== 'full' && jitter !== 'equal' && jitter !== 'none')
    throw new TypeError(`retry.jitter must be full, equal or none, got ${jitter}`)
  const initialMs = options.initial === undefined ? DEFAULT_RETRY.initialMs : parseDurationMs(options.initial, 'retry.initial')
  const incrementMs = options.increment === undefined ? DEFAULT_RETRY.incrementMs : parseDurationMs(options.increment, 'retry.increment')
  const maxMs = options.maximum === undefined ? Math.max(DEFAULT_RETRY.maxMs, initialMs) : parseDurationMs(options.maximum, 'retry.maximum')
  if (maxMs < initialMs) throw new TypeError('retry.maximum must not be shorter than retry.initial')
  return { maxAttempts: max, initialMs, factor, incrementMs, maxMs, jitter, nonRetryable: [...nonRetryable] }
}

/** Milliseconds to wait after failed attempt number `attempt` (1, 2, …). Null after the last one. `random` is in [0, 1). */
export function nextDelayMs(policy: RetryPolicy, attempt: number, random: number): number | null {
  if (attempt >= policy.maxAttempts) return null
  const delay = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempt - 1) + policy.incrementMs * (attempt - 1))
  switch (policy.jitter) {
    case 'full':
      return Math.round(delay * random)
    case 'equal':
      return Math.round(delay / 2 + (delay / 2) * random)
    case 'none':
      return Math.round(delay)
  }
}

/** Whether another attempt could help. A timeout or a child's failure may pass; a cancellation or invalid input will not. */
export function isRetryable(policy: RetryPolicy, failure: Failure): boolean {
  if (policy.nonRetryable.includes(failure.name)) return false
  switch (failure.kind) {
    case 'error':
    case 'timeout':
    case 'child_failed':
      return true
    case 'cancelled':
    case 'non_retryable':
    case 'invalid':
      return false
  }
}
