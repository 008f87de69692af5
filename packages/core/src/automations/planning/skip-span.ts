import { nextOccurrence } from '@orrery/recurrence'
import type { Timetable } from './firing-state.ts'

export type SkipReason =
  /** Later than the catch-up window. */
  | 'catch_up_window'
  /** Late, and the policy is `none`. */
  | 'misfire'
  /** Late, and only the newest of the late ones fires. */
  | 'coalesced'
  | 'paused'
  /** `automations.skipNext` asked for it. */
  | 'skip_next'

/** A span of occurrences that were skipped for one reason. */
export interface Skip {
  readonly reason: SkipReason
  /** Nominal time of the first. */
  readonly fromMs: number
  /** Nominal time of the last. If the count is not exact, no skipped occurrence is later. */
  readonly toMs: number
  readonly count: number
  /** False: `count` is a lower bound. */
  readonly isExact: boolean
}

/** Occurrences beyond this number are not counted: a year of a schedule that fires each second must not delay other schedules. */
const SKIPS_COUNTED_MAX = 1_000

/** Describes the occurrences after one nominal time, up to and including another, as skipped. Null if there is no occurrence. */
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
