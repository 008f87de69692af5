import { findLastDue } from './find-last-due.ts'
import type { FiringState, Timetable } from './firing-state.ts'

/**
 * After a calendar that its schedule asks was changed, a trigger goes on from now, since the past of the new calendar was never due. What came
 * up before and waits for its jitter, or for the end of a pause or a snooze, goes on waiting: it was not done yet.
 */
export function adoptCalendar(state: FiringState, timetable: Timetable, nowMs: number): FiringState {
  const { standing } = state
  if (standing.kind === 'paused' || (standing.kind === 'snoozed' && standing.untilMs > nowMs)) return state
  const last = findLastDue(timetable, state.cursorMs, nowMs - 1)
  return last === null ? state : { ...state, cursorMs: last.nominalMs }
}
