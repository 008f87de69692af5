/** How a run that an automation started has ended, after all its retries. */
export type RunEnd = 'succeeded' | 'failed' | 'timed_out' | 'cancelled'

export interface FailureCount {
  readonly consecutiveFailures: number
  readonly isPausing: boolean
}

/**
 * Counts failures in a row. The automation pauses at the failure number `pauseAfter`; never if that is null. 1 is Temporal's
 * `pause_on_failure`. A cancelled run does not change the count. Resuming sets the count to 0.
 */
export function countFailure(consecutiveFailures: number, end: RunEnd, pauseAfter: number | null): FailureCount {
  switch (end) {
    case 'succeeded':
      return { consecutiveFailures: 0, isPausing: false }
    case 'cancelled':
      return { consecutiveFailures, isPausing: false }
    case 'failed':
    case 'timed_out': {
      const failures = consecutiveFailures + 1
      return { consecutiveFailures: failures, isPausing: pauseAfter !== null && failures >= pauseAfter }
    }
  }
}
