import { parseDurationMs } from '@orrery/recurrence'
import { calendarsOf } from '../../calendars/find-calendar-uses.ts'
import { readCalendarSources } from '../../calendars/read-calendar-sources.ts'
import type { AutomationRow, StoredTrigger, TriggerRow } from '../automation-row.ts'
import { askTimetable, type TimetableSources } from '../definition/ask-timetable.ts'
import type { ReplanKind } from '../definition/compute-timetable.ts'
import { explainIssues, isSchedule } from '../definition/to-timetable.ts'
import { toFiringState, withState, withTrouble } from '../definition/trigger-state.ts'
import type { FiringContext } from '../firing-context.ts'
import { type FiringRow, writeFirings } from '../firing-store.ts'
import { toSkipRow } from '../to-firing-row.ts'
import { writeStates } from '../trigger-store.ts'

/** The calendars that the schedules among these triggers use. */
export async function readSources(
  { tx, org }: Pick<FiringContext, 'tx' | 'org'>,
  triggers: readonly { readonly definition: StoredTrigger }[],
): Promise<TimetableSources> {
  const names = triggers.flatMap(({ definition }) => (definition.type === 'schedule' ? calendarsOf(definition.schedule) : []))
  return { tx, calendars: await readCalendarSources(tx, org, names) }
}

export interface Replanning {
  /**
   * `schedule_changed`: the triggers continue from now. `calendar_changed`: only a calendar that they use has changed. `resumed`: a pause
   * or snooze has ended, and `before` has it. `unchanged`: only computes when they are due.
   */
  readonly kind: ReplanKind
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
  const planned: TriggerRow[] = []
  for (const row of triggers) {
    if (!isSchedule(row)) {
      planned.push({ ...row, wakes_at: automation.status === 'paused' ? null : nextPollAt(row, nowMs) })
      continue
    }
    const args = { kind, state: toFiringState(row, kind === 'resumed' ? before : automation, nowMs), nowMs }
    const result = await askTimetable(context, sources, 'replan', { trigger: row.definition, triggerId: row.trigger_id, args })
    if (!result.ok) {
      planned.push(withTrouble(row, explainIssues(result.issues), nowMs))
      continue
    }
    const { state, wake, skip } = result.value
    if (skip !== null) skips.push(toSkipRow(automation, { id: row.trigger_id, key: row.key }, skip, nowMs))
    planned.push(withState(row, state, wake, nowMs))
  }
  await writeStates(context.tx, context.org, planned)
  await writeFirings(context.tx, context.org, skips)
  return planned
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
