import { occurrencesBetween } from '@orrery/recurrence'
import type { Timetable } from './firing-state.ts'

/** Nominal times, both inclusive. */
export interface BackfillRange {
  readonly fromMs: number
  readonly toMs: number
}

export type BackfillPlan =
  | {
      readonly kind: 'planned'
      /** Nominal times to start now, oldest first. */
      readonly nominalsMs: readonly number[]
      /** How many occurrences follow after these. */
      readonly left: number
      /** Where the rest begins; null: there is no rest. */
      readonly restFromMs: number | null
    }
  | { readonly kind: 'refused'; readonly reason: 'reversed' | 'in_future' | 'too_many' | 'limit' }

/** The most occurrences that one backfill starts. */
const OCCURRENCES_MAX = 10_000

/**
 * Plans the occurrences of a range, which run even if they ran before (Temporal, `BackfillRequest`). They do not move the trigger's cursor,
 * have no jitter, and ignore pauses. The range must lie in the past: the schedule itself would fire future occurrences a second time.
 */
export function planBackfill({ schedule }: Timetable, range: BackfillRange, nowMs: number, batchMax = 100): BackfillPlan {
  if (range.toMs < range.fromMs) return { kind: 'refused', reason: 'reversed' }
  if (range.toMs > nowMs) return { kind: 'refused', reason: 'in_future' }
  const { occurrences, isComplete } = occurrencesBetween(schedule, range.fromMs, range.toMs + 1, OCCURRENCES_MAX)
  if (!isComplete) return { kind: 'refused', reason: occurrences.length < OCCURRENCES_MAX ? 'limit' : 'too_many' }
  const nominalsMs = occurrences.slice(0, batchMax).map(({ nominalMs }) => nominalMs)
  return {
    kind: 'planned',
    nominalsMs,
    left: occurrences.length - nominalsMs.length,
    restFromMs: occurrences[batchMax]?.nominalMs ?? null,
  }
}
