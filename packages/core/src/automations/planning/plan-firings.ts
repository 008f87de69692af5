import { nextOccurrence, type Occurrence } from '@orrery/recurrence'
import { findLastDue } from './find-last-due.ts'
import type { FiringState, Timetable } from './firing-state.ts'
import { type Skip, type SkipReason, skipSpan } from './skip-span.ts'

/** An occurrence that fires now. Its nominal time identifies it (`firingId`); it fires at that time plus jitter. */
export interface Firing extends Occurrence {
  /** How long ago it should have fired. */
  readonly lateMs: number
}

/** When to plan again. */
export type Wake =
  /** If this instant has passed, more is due than fitted into this plan: store the state and plan again for the same instant. */
  | { readonly kind: 'at'; readonly atMs: number }
  | { readonly kind: 'paused' }
  | { readonly kind: 'ended' }
  /** The search for the next occurrence reached its limit: a person has to correct the schedule. */
  | { readonly kind: 'limit' }

export interface FiringPlan {
  /** Oldest first. */
  readonly firings: readonly Firing[]
  readonly skips: readonly Skip[]
  /** To be stored in the transaction that starts the firings. */
  readonly state: FiringState
  readonly wake: Wake
  /**
   * How far the clock is behind an occurrence that is already handled. Above zero, the clock was set back: nothing fires until it has
   * caught up.
   */
  readonly clockBehindMs: number
}

/**
 * Plans the firings of a trigger that are due now. Pure: the same state, timetable and instant make the same plan in every process.
 *
 * Within the catch-up window (Temporal, `SchedulePolicies.catchup_window`), the misfire policy decides. `latest` is coalescing as in Quartz
 * and APScheduler: once an occurrence is late, only the newest due one fires. A clock set forwards has the same effect as a downtime.
 */
export function planFirings(state: FiringState, timetable: Timetable, nowMs: number, FIRINGS_MAX = 100): FiringPlan {
  const clockBehindMs = Math.max(0, state.cursorMs - nowMs)
  if (state.mode.kind === 'paused') return { firings: [], skips: [], state, wake: { kind: 'paused' }, clockBehindMs }
  if (state.remaining === 0) return { firings: [], skips: [], state, wake: { kind: 'ended' }, clockBehindMs }
  if (state.mode.kind === 'snoozed' && state.mode.untilMs > nowMs) {
    return { firings: [], skips: [], state, wake: nextWake(state, timetable), clockBehindMs }
  }
  const late = skipLate(state, timetable, nowMs)
  const taken = collectDue({ ...state, cursorMs: late.cursorMs }, timetable, nowMs, FIRINGS_MAX)
  const wake = nextWake(taken.state, timetable)
  // While more is due, the mode stays snoozed: lateness counts from the end of the snooze.
  const isDone = wake.kind !== 'at' || wake.atMs > nowMs
  return {
    firings: taken.firings,
    skips: [...late.skips, ...taken.skips],
    state: isDone ? { ...taken.state, mode: { kind: 'active' } } : taken.state,
    wake,
    clockBehindMs,
  }
}

/** Skips the occurrences that are too late to fire. */
function skipLate(state: FiringState, timetable: Timetable, nowMs: number) {
  const skips: Skip[] = []
  let { cursorMs } = state
  const skipTo = (reason: SkipReason, toMs: number): void => {
    const skip = skipSpan(timetable, reason, cursorMs, toMs)
    if (skip) skips.push(skip)
    cursorMs = Math.max(cursorMs, toMs)
  }
  const skipBefore = (reason: SkipReason, beforeMs: number): void => {
    const last = findLastDue(timetable, cursorMs, beforeMs - 1)
    if (last) skipTo(reason, last.nominalMs)
  }
  // The age of occurrences that a snooze deferred counts from the end of the snooze.
  const isFreshlyHeld = state.mode.kind === 'snoozed' && state.mode.untilMs >= nowMs - timetable.catchUpWindowMs
  if (!isFreshlyHeld) skipBefore('catch_up_window', nowMs - timetable.catchUpWindowMs)
  switch (timetable.misfire) {
    case 'all':
      break
    case 'none':
      skipBefore('misfire', nowMs - timetable.graceMs)
      break
    case 'latest': {
      const next = nextOccurrence(timetable.schedule, cursorMs, timetable.key)
      const isLate = next.kind === 'occurrence' && next.firesAtMs < nowMs - timetable.graceMs
      const newest = isLate ? findLastDue(timetable, cursorMs, nowMs) : null
      if (newest) skipTo('coalesced', newest.nominalMs - 1)
    }
  }
  return { cursorMs, skips }
}

/** Collects up to `firingsMax` due occurrences in order, as firings or, while `skipNext` is above zero, as skips. */
function collectDue(state: FiringState, { schedule, key }: Timetable, nowMs: number, FIRINGS_MAX: number) {
  const firings: Firing[] = []
  const skips: Skip[] = []
  let { cursorMs, skipNext, remaining } = state
  while (firings.length + skips.length < FIRINGS_MAX && remaining !== 0) {
    const next = nextOccurrence(schedule, cursorMs, key)
    if (next.kind !== 'occurrence' || next.firesAtMs > nowMs) break
    const { nominalMs, firesAtMs } = next
    cursorMs = nominalMs
    if (skipNext > 0) {
      skipNext -= 1
      skips.push({ reason: 'skip_next', fromMs: nominalMs, toMs: nominalMs, count: 1, isExact: true })
    } else {
      if (remaining !== null) remaining -= 1
      firings.push({ nominalMs, firesAtMs, lateMs: nowMs - firesAtMs })
    }
  }
  return { firings, skips, state: { ...state, cursorMs, skipNext, remaining } }
}

/** When a schedule must be planned next if nothing changes until then. */
export function nextWake({ cursorMs, mode, remaining }: FiringState, { schedule, key }: Timetable): Wake {
  if (remaining === 0) return { kind: 'ended' }
  const next = nextOccurrence(schedule, cursorMs, key)
  if (next.kind !== 'occurrence') return next
  return { kind: 'at', atMs: mode.kind === 'snoozed' ? Math.max(next.firesAtMs, mode.untilMs) : next.firesAtMs }
}
