import type { CompiledSchedule } from '@orrery/recurrence'

/**
 * What becomes of occurrences that come up late, within the catch-up window: each fires, the newest stands for all of them, or none fires.
 */
export type MisfirePolicy = 'all' | 'latest' | 'none'

/** When a trigger fires, as its definition says it. */
export interface Timetable {
  readonly schedule: CompiledSchedule
  /** The trigger's id: makes its jitter its own, and the same on every node. */
  readonly key: string
  readonly misfire: MisfirePolicy
  /** What is later than this is dropped whatever the misfire policy says. Temporal's `catchup_window`. */
  readonly catchUpWindowMs: number
  /** Up to so late, an occurrence is punctual, and no misfire. Longer than a scheduler takes to come round. */
  readonly graceMs: number
}

/**
 * Whether a trigger may fire. A pause lets what falls into it go by. A snooze postpones: at its end, what fell into it is late, as after a
 * downtime, and the misfire policy says what becomes of it.
 */
export type FiringMode = { readonly kind: 'active' } | { readonly kind: 'paused' } | { readonly kind: 'snoozed'; readonly untilMs: number }

/** Where a trigger stands: all that its row has to keep. */
export interface FiringState {
  /**
   * Invariant (planning): every occurrence whose nominal time is up to here was fired or skipped, and it never decreases. So no occurrence
   * fires twice, wherever the clock goes.
   */
  readonly cursorMs: number
  readonly mode: FiringMode
  /** So many firings are still to be left out. */
  readonly skipNext: number
  /**
   * So many firings are still allowed; null: any number. Temporal's `remaining_actions`. A firing that the overlap policy then leaves out counts.
   */
  readonly remaining: number | null
}

/** A trigger that begins now: what was due earlier is not its concern. */
export const initialFiringState = (nowMs: number, remaining: number | null = null): FiringState => ({
  cursorMs: nowMs - 1,
  mode: { kind: 'active' },
  skipNext: 0,
  remaining,
})

/**
 * After its schedule was changed, a trigger goes on from now: the past of the new schedule was never due. An occurrence of the old one whose
 * jitter had not passed yet is given up.
 */
export const applyScheduleChange = (state: FiringState, nowMs: number): FiringState => ({
  ...state,
  cursorMs: Math.max(state.cursorMs, nowMs - 1),
})
