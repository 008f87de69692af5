import type { CompiledSchedule } from '@orrery/recurrence'

/** What happens to late occurrences within the catch-up window: each fires, only the newest fires, or none fires. */
export type MisfirePolicy = 'all' | 'latest' | 'none'

/** When a trigger fires, by its definition. */
export interface Timetable {
  readonly schedule: CompiledSchedule
  /** The trigger's id. It seeds the jitter, so every process computes the same one. */
  readonly key: string
  readonly misfire: MisfirePolicy
  /** Occurrences later than this are skipped under any misfire policy. Temporal's `catchup_window`. */
  readonly catchUpWindowMs: number
  /** An occurrence up to this late counts as punctual. Longer than a scheduler takes from one poll to the next. */
  readonly graceMs: number
}

/**
 * Whether a trigger may fire. Occurrences during a pause are skipped. A snooze defers them: at its end they are late, as after a downtime,
 * and the misfire policy decides about them.
 */
export type FiringMode = { readonly kind: 'active' } | { readonly kind: 'paused' } | { readonly kind: 'snoozed'; readonly untilMs: number }

/** The state of a trigger, as its row keeps it. */
export interface FiringState {
  /**
   * Invariant (planning): every occurrence with a nominal time up to the cursor was fired or skipped, and the cursor never decreases. So no
   * occurrence fires twice, even if the clock is set back.
   */
  readonly cursorMs: number
  readonly mode: FiringMode
  /** How many of the next firings to skip. */
  readonly skipNext: number
  /**
   * How many firings are still allowed; null: any number. Temporal's `remaining_actions`. A firing that the overlap policy skips counts.
   */
  readonly remaining: number | null
}

/** The state of a trigger that begins now. It ignores earlier occurrences. */
export const initialFiringState = (nowMs: number, remaining: number | null = null): FiringState => ({
  cursorMs: nowMs - 1,
  mode: { kind: 'active' },
  skipNext: 0,
  remaining,
})

/**
 * After a change of its schedule, a trigger continues from now, since the past of the new schedule was never due. An occurrence of the old
 * schedule that still waits for its jitter is dropped.
 */
export const applyScheduleChange = (state: FiringState, nowMs: number): FiringState => ({
  ...state,
  cursorMs: Math.max(state.cursorMs, nowMs - 1),
})
