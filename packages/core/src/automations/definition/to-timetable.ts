import { boundedCache } from '@orrery/kernel'
import { type CompiledSchedule, compileSchedule, type Issue, type Schedule, type ScheduleSources } from '@orrery/recurrence'
import type { StoredSchedule, TriggerRow } from '../automation-row.ts'
import type { Timetable } from '../planning/firing-state.ts'

/** An occurrence that fires later than this counts as late. Longer than another scheduler takes to replace one that died. */
const GRACE_MS = 60_000

export type TimetableResult =
  | { readonly ok: true; readonly timetable: Timetable }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/**
 * Compiles the schedule of a trigger. `sources`: the organization's calendars. Schedules without calendars are compiled once and cached.
 */
export function toTimetable(trigger: StoredSchedule, triggerId: string, sources: ScheduleSources): TimetableResult {
  const compiled = namesCalendar(trigger.schedule) ? compileSchedule(trigger.schedule, sources) : compileCached(trigger.schedule)
  if (!compiled.ok) return compiled
  const { misfire, catchUpWindowMs } = trigger
  return { ok: true, timetable: { schedule: compiled.value, key: triggerId, misfire, catchUpWindowMs, graceMs: GRACE_MS } }
}

export const isSchedule = (row: TriggerRow): row is TriggerRow & { readonly definition: StoredSchedule } =>
  row.definition.type === 'schedule'

function namesCalendar({ calendar, exclude }: Schedule): boolean {
  return calendar !== undefined || (exclude ?? []).some(({ kind }) => kind === 'calendar')
}

const compiledSchedules = boundedCache<CompiledSchedule>({ entriesMax: 2_000 })

/** A schedule without calendars compiles to the same in every organization, so organizations share the cache. */
function compileCached(schedule: Schedule): ReturnType<typeof compileSchedule> {
  const key = JSON.stringify(schedule)
  const known = compiledSchedules.get(key)
  if (known !== undefined) return { ok: true, value: known }
  const compiled = compileSchedule(schedule)
  if (compiled.ok) compiledSchedules.set(key, compiled.value)
  return compiled
}

export const explainIssues = (issues: readonly Issue[]): string =>
  issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
