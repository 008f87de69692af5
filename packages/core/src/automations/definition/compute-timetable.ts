/** What is asked of the schedule of a trigger. Pure; `askTimetable` runs it in a process that computes unless the schedule is small. */
import { defineComputations } from '@orrery/kernel'
import { analyse, type Issue, nextOccurrence, type PreviewLine, preview, type ScheduleSources } from '@orrery/recurrence'
import { type CalendarsData, openCalendars } from '../../calendars/compile-calendars.ts'
import { type OverCalendars, SCHEDULE_MS_MAX } from '../../calendars/compute-over-calendars.ts'
import { listScheduleWarnings } from '../../schedules/list-schedule-warnings.ts'
import type { StoredSchedule } from '../automation-row.ts'
import { findLastDue } from '../planning/find-last-due.ts'
import { applyScheduleChange, type FiringState, type Timetable } from '../planning/firing-state.ts'
import { type BackfillPlan, type BackfillRange, planBackfill } from '../planning/plan-backfill.ts'
import { type FiringPlan, nextWake, planFirings, type Wake } from '../planning/plan-firings.ts'
import { resumeFirings } from '../planning/resume-firings.ts'
import type { Skip } from '../planning/skip-span.ts'
import { toTimetable } from './to-timetable.ts'

export interface TimetableQuery<Args> {
  readonly trigger: StoredSchedule
  readonly triggerId: string
  readonly calendars: CalendarsData
  readonly args: Args
}

export type TimetableAnswer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: readonly Issue[] }

type Answer<T> = Promise<OverCalendars<TimetableAnswer<T>>>

async function withTimetable<Args, T>(query: TimetableQuery<Args>, use: (timetable: Timetable, args: Args) => T): Answer<T> {
  const sources: ScheduleSources | null = await openCalendars(query.calendars)
  if (sources === null) return { kind: 'needs texts' }
  const found = toTimetable(query.trigger, query.triggerId, sources)
  return { kind: 'done', value: found.ok ? { ok: true, value: use(found.timetable, query.args) } : found }
}

/** What fires now. @computed */
export const fire = (
  query: TimetableQuery<{ readonly state: FiringState; readonly nowMs: number; readonly firingsMax: number }>,
): Answer<FiringPlan> => withTimetable(query, (timetable, { state, nowMs, firingsMax }) => planFirings(state, timetable, nowMs, firingsMax))

export interface Replanned {
  readonly state: FiringState
  readonly wake: Wake
  readonly skip: Skip | null
}

export type ReplanKind = 'schedule_changed' | 'calendar_changed' | 'resumed' | 'unchanged'

/** When it is due next after a change, without firing. @computed */
export const replan = (
  query: TimetableQuery<{ readonly kind: ReplanKind; readonly state: FiringState; readonly nowMs: number }>,
): Answer<Replanned> =>
  withTimetable(query, (timetable, { kind, state, nowMs }) => {
    if (kind === 'resumed') {
      const resumed = resumeFirings(state, timetable, nowMs)
      return { ...resumed, wake: nextWake(resumed.state, timetable) }
    }
    const next = nextState(kind, state, timetable, nowMs)
    return { state: next, wake: next.mode.kind === 'paused' ? { kind: 'paused' } : nextWake(next, timetable), skip: null }
  })

function nextState(kind: Exclude<ReplanKind, 'resumed'>, state: FiringState, timetable: Timetable, nowMs: number): FiringState {
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

/** @computed */
export const backfill = (
  query: TimetableQuery<{ readonly range: BackfillRange; readonly nowMs: number; readonly batchMax?: number }>,
): Answer<BackfillPlan> => withTimetable(query, (timetable, { range, nowMs, batchMax }) => planBackfill(timetable, range, nowMs, batchMax))

export interface CheckedTimes {
  readonly warnings: readonly string[]
  readonly isOver: boolean
}

/** @computed */
export const check = (query: TimetableQuery<{ readonly nowMs: number }>): Answer<CheckedTimes> =>
  withTimetable(query, ({ schedule }, { nowMs }) => ({
    warnings: listScheduleWarnings(analyse(schedule, nowMs), schedule, nowMs),
    isOver: nextOccurrence(schedule, nowMs - 1).kind === 'ended',
  }))

export interface PreviewArgs {
  readonly afterMs: number
  readonly count: number
  /** Occurrences that are left out first. */
  readonly skipNext: number
  readonly viewerZone: string
}

/** @computed */
export const previewTimes = (query: TimetableQuery<PreviewArgs>): Answer<readonly PreviewLine[]> =>
  withTimetable(query, ({ schedule, key }, { afterMs, count, skipNext, viewerZone }) => {
    let fromMs = afterMs
    for (let left = skipNext; left > 0; left--) {
      const next = nextOccurrence(schedule, fromMs, key)
      if (next.kind !== 'occurrence') break
      fromMs = next.nominalMs
    }
    return preview(schedule, fromMs, count, viewerZone, key).lines
  })

export const timetableFunctions = { fire, replan, backfill, check, previewTimes }

export const timetableComputations = defineComputations(import.meta.url, timetableFunctions, SCHEDULE_MS_MAX)
