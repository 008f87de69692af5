import { parseDurationMs } from '@orrery/recurrence'
import { calendarsOf } from '../../calendars/find-calendar-uses.ts'
import { readCalendarSources } from '../../calendars/read-calendar-sources.ts'
import type { AutomationRow, StoredTrigger, TriggerRow } from '../automation-row.ts'
import { explainIssues, isSchedule, toTimetable } from '../definition/to-timetable.ts'
import { toFiringState, withState, withTrouble } from '../definition/trigger-state.ts'
import type { FiringContext } from '../firing-context.ts'
import { type FiringRow, writeFirings } from '../firing-store.ts'
import { findLastDue } from '../planning/find-last-due.ts'
import { applyScheduleChange, type FiringState, type Timetable } from '../planning/firing-state.ts'
import { nextWake } from '../planning/plan-firings.ts'
import { resumeFirings } from '../planning/resume-firings.ts'
import { toSkipRow } from '../to-firing-row.ts'
import { writeStates } from '../trigger-store.ts'

/** The calendars that the schedules among these triggers use. */
export function readSources({ tx, org }: Pick<FiringContext, 'tx' | 'org'>, triggers: readonly { readonly definition: StoredTrigger }[]) {
  const names = triggers.flatMap(({ definition }) => (definition.type === 'schedule' ? calendarsOf(definition.schedule) : []))
  return readCalendarSources(tx, org, names)
}

export interface Replanning {
  /**
   * `schedule_changed`: the triggers continue from now. `calendar_changed`: only a calendar that they use has changed. `resumed`: a pause
   * or snooze has ended, and `before` has it. `unchanged`: only computes when they are due.
   */
  readonly kind: 'schedule_changed' | 'calendar_changed' | 'resumed' | 'unchanged'
  /** The automation before the change. Absent: it did not change. */
  readonly before?: AutomationRow
}

/** Computes and stores when each trigger is due next, without firing. `automation` is the row after the change. */
export async function planTriggers(
  context: FiringContext,
  automation: AutomationRow,
  triggers: readonly TriggerRow[],
  { kind, before = automation }: Replanning,
): Promise<TriggerRow[]> {
  const { nowMs } = context
  const sources = await readSources(context, triggers)
  const skips: FiringRow[] = []
  const planned = triggers.map((row): TriggerRow => {
    if (!isSchedule(row)) return { ...row, wakes_at: automation.status === 'paused' ? null : nextPollAt(row, nowMs) }
    const result = toTimetable(row.definition, row.trigger_id, sources)
    if (!result.ok) return withTrouble(row, explainIssues(result.issues), nowMs)
    const { timetable } = result
    const state = toFiringState(row, kind === 'resumed' ? before : automation, nowMs)
    if (kind === 'resumed') {
      const resumed = resumeFirings(state, timetable, nowMs)
      if (resumed.skip !== null) skips.push(toSkipRow(automation, { id: row.trigger_id, key: row.key }, resumed.skip, nowMs))
      return withState(row, resumed.state, nextWake(resumed.state, timetable), nowMs)
    }
    const next = nextState(kind, state, timetable, nowMs)
    return withState(row, next, next.mode.kind === 'paused' ? { kind: 'paused' } : nextWake(next, timetable), nowMs)
  })
  await writeStates(context.tx, context.org, planned)
  await writeFirings(context.tx, context.org, skips)
  return planned
}

function nextState(kind: Exclude<Replanning['kind'], 'resumed'>, state: FiringState, timetable: Timetable, nowMs: number): FiringState {
  switch (kind) {
    case 'schedule_changed':
      return applyScheduleChange(state, nowMs)
    case 'calendar_changed':
      return applyCalendarChange(state, timetable, nowMs)
    case 'unchanged':
      return state
  }
}

/**
 * After a change of a calendar, a trigger continues from now, since the past of the new calendar was never due. An earlier occurrence that
 * waits for its jitter, or for the end of a pause or a snooze, keeps waiting.
 */
function applyCalendarChange(state: FiringState, timetable: Timetable, nowMs: number): FiringState {
  const { mode } = state
  if (mode.kind === 'paused' || (mode.kind === 'snoozed' && mode.untilMs > nowMs)) return state
  const last = findLastDue(timetable, state.cursorMs, nowMs - 1)
  return last === null ? state : { ...state, cursorMs: last.nominalMs }
}

/**
 * When the tool is polled next; null: the trigger polls none. At most one interval from now, as a snooze that deferred the poll may have
 * ended.
 */
function nextPollAt({ definition, wakes_at }: TriggerRow, nowMs: number): Date | null {
  if (definition.type !== 'condition' || definition.poll === undefined) return null
  return new Date(Math.min(wakes_at?.getTime() ?? nowMs, nowMs + parseDurationMs(definition.poll.every)))
}

/** True if no schedule has a further occurrence and there is no other kind of trigger. */
export function isEnded(triggers: readonly TriggerRow[]): boolean {
  return (
    triggers.length > 0 && triggers.every(({ type, wakes_at, trouble }) => type === 'schedule' && wakes_at === null && trouble === null)
  )
}

/** Schedulers sleep until the next due time. Notifies them, as it may be earlier now. */
export function notifySchedulers(context: FiringContext, triggers: readonly TriggerRow[]): void {
  const wakes = triggers.flatMap(({ wakes_at }) => (wakes_at === null ? [] : [wakes_at.getTime()]))
  if (wakes.length > 0) context.afterCommit(() => context.engine.announceDue(Math.min(...wakes)))
}
