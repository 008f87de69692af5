import { nextOccurrence } from '@orrery/recurrence'
import type { Timetable } from './firing-state.ts'

export type SkipReason =
  /** Later than the catch-up window. */
  | 'catch_up_window'
  /** Late, and the policy is `none`. */
  | 'misfire'
  /** Late, and a newer one stands for it. */
  | 'coalesced'
  | 'paused'
  /** Somebody asked to skip it. */
  | 'skip_next'

/** Occurrences that do not fire, one record for all that are left out together. */
export interface Skip {
  readonly reason: SkipReason
  /** Nominal time of the first. */
  readonly fromMs: number
  /** Nominal time of the last; if the count is not exact, no later one was skipped. */
  readonly toMs: number
  readonly count: number
  /** False: there are at least so many. */
  readonly isExact: boolean
}

/** Beyond it, skipped occurrences are not counted: a year of a schedule that fires each second must not hold up the others. */
const SKIPS_COUNTED_MAX = 1_000

/** The occurrences after a nominal time up to another, as skipped; null if there are none. */
export function skipSpan({ schedule, key }: Timetable, reason: SkipReason, afterMs: number, toMs: number): Skip | null {
  let fromMs = 0
  let at = afterMs
  for (let count = 0; ; count++) {
    const next = nextOccurrence(schedule, at, key)
    if (next.kind !== 'occurrence' || next.nominalMs > toMs) {
      return count === 0 ? null : { reason, fromMs, toMs: at, count, isExact: next.kind !== 'limit' }
    }
    if (count === SKIPS_COUNTED_MAX) return { reason, fromMs, toMs, count, isExact: false }
    at = next.nominalMs
    if (count === 0) fromMs = at
  }
}
