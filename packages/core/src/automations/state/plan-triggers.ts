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

/** The calendars that the schedules among some triggers ask. */
export function readSources({ tx, org }: Pick<FiringContext, 'tx' | 'org'>, triggers: readonly { readonly definition: StoredTrigger }[]) {
  const names = triggers.flatMap(({ definition }) => (definition.type === 'schedule' ? calendarsOf(definition.schedule) : []))
  return readCalendarSources(tx, org, names)
}

export interface Replanning {
  /**
   * `adopted`: their schedules have changed, so they go on from now. `recalendared`: only a calendar that they ask has. `resumed`: `before` says
   * from what. `kept`: only look when they are due.
   */
  readonly kind: 'adopted' | 'recalendared' | 'resumed' | 'kept'
  /** The automation as it was, where that differs. */
  readonly before?: AutomationRow
}

/** Finds out when each trigger has to be looked at next, without firing, and stores it. The automation is as it will be. */
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
    if (!isSchedule(row)) return { ...row, wakes_at: automation.status === 'paused' ? null : pollAt(row, nowMs) }
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
    case 'adopted':
      return applyScheduleChange(state, nowMs)
    case 'recalendared':
      return applyCalendarChange(state, timetable, nowMs)
    case 'kept':
      return state
  }
}

/**
 * After a calendar of its schedule was changed, a trigger continues from now, since the past of the new calendar was never due. An occurrence that
 * came up before and waits for its jitter, or for the end of a pause or a snooze, keeps waiting.
 */
function applyCalendarChange(state: FiringState, timetable: Timetable, nowMs: number): FiringState {
  const { mode } = state
  if (mode.kind === 'paused' || (mode.kind === 'snoozed' && mode.untilMs > nowMs)) return state
  const last = findLastDue(timetable, state.cursorMs, nowMs - 1)
  return last === null ? state : { ...state, cursorMs: last.nominalMs }
}

/** When a tool is asked next; null: there is none. A snooze that has put it off may have been ended or shortened: then at most one turn from now. */
function pollAt({ definition, wakes_at }: TriggerRow, nowMs: number): Date | null {
  if (definition.type !== 'condition' || definition.poll === undefined) return null
  return new Date(Math.min(wakes_at?.getTime() ?? nowMs, nowMs + parseDurationMs(definition.poll.every)))
}

/** All its schedules are through, and nothing else can fire it. */
export function isEnded(triggers: readonly TriggerRow[]): boolean {
  return (
    triggers.length > 0 && triggers.every(({ type, wakes_at, trouble }) => type === 'schedule' && wakes_at === null && trouble === null)
  )
}

/** Schedulers sleep until something is due: tells them that this may be earlier now. */
export function notifySchedulers(context: FiringContext, triggers: readonly TriggerRow[]): void {
  const wakes = triggers.flatMap(({ wakes_at }) => (wakes_at === null ? [] : [wakes_at.getTime()]))
  if (wakes.length > 0) context.afterCommit(() => context.engine.announceDue(Math.min(...wakes)))
}
