import type { RetryOptions, RetryPolicy } from '@orrery/engine/workflow'
import { formatDuration } from '@orrery/recurrence'

/** A policy in the form in which the interpreter's steps take it. */
export function toRetryOptions({ maxAttempts, initialMs, factor, incrementMs, maxMs, jitter, nonRetryable }: RetryPolicy): RetryOptions {
  return {
    max: maxAttempts,
    initial: formatDuration(initialMs),
    factor,
    increment: formatDuration(incrementMs),
    maximum: formatDuration(maxMs),
    jitter,
    nonRetryable,
  }
}
