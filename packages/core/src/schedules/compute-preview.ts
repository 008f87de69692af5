import { defineComputations } from '@orrery/kernel'
import { type Analysis, analyse, compileSchedule, type Issue, type Preview, preview, type Schedule } from '@orrery/recurrence'
import { type CalendarsData, openCalendars } from '../calendars/compile-calendars.ts'
import { type OverCalendars, SCHEDULE_MS_MAX } from '../calendars/compute-over-calendars.ts'
import { listScheduleWarnings } from './list-schedule-warnings.ts'

export interface PreviewQuery {
  readonly schedule: Schedule
  readonly calendars: CalendarsData
  readonly nowMs: number
  readonly afterMs: number
  readonly count: number
  readonly viewerZone: string
}

export type SchedulePreview =
  | ({ readonly ok: true; readonly analysis: Analysis; readonly warnings: readonly string[] } & Preview)
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** Pure, and as slow as the schedule wants. */
export async function previewOf({ schedule, calendars, ...at }: PreviewQuery): Promise<OverCalendars<SchedulePreview>> {
  const sources = await openCalendars(calendars)
  if (sources === null) return { kind: 'needs texts' }
  const compiled = compileSchedule(schedule, sources)
  if (!compiled.ok) return { kind: 'done', value: compiled }
  const analysis = analyse(compiled.value, at.nowMs)
  const warnings = listScheduleWarnings(analysis, compiled.value, at.nowMs)
  return { kind: 'done', value: { ok: true, analysis, warnings, ...preview(compiled.value, at.afterMs, at.count, at.viewerZone) } }
}

export const previewComputation = defineComputations(import.meta.url, { previewOf }, SCHEDULE_MS_MAX).previewOf
