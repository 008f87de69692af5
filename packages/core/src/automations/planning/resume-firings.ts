import { findLastDue } from './find-last-due.ts'
import type { FiringState, Timetable } from './firing-state.ts'
import { type Skip, skipSpan } from './skip-span.ts'

/**
 * Ends a pause or a snooze. Occurrences during a pause are skipped, as in Temporal's schedules. Occurrences that a snooze deferred are due
 * now, and the next plan decides about them.
 */
export function resumeFirings(
  state: FiringState,
  timetable: Timetable,
  nowMs: number,
): { readonly state: FiringState; readonly skip: Skip | null } {
  switch (state.mode.kind) {
    case 'active':
      return { state, skip: null }
    case 'snoozed':
      return { state: { ...state, mode: { kind: 'snoozed', untilMs: Math.min(state.mode.untilMs, nowMs) } }, skip: null }
    case 'paused': {
      const last = findLastDue(timetable, state.cursorMs, nowMs)
      return {
        state: { ...state, cursorMs: last?.nominalMs ?? state.cursorMs, mode: { kind: 'active' } },
        skip: last && skipSpan(timetable, 'paused', state.cursorMs, last.nominalMs),
      }
    }
  }
}
