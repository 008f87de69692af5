import { type OutputOf, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { analyse, describeSchedule, findZone, preview } from '@orrery/recurrence'
import { calendarsOf } from '../calendars/find-calendar-uses.ts'
import { readCalendarSources } from '../calendars/read-calendar-sources.ts'
import { listScheduleWarnings } from './list-schedule-warnings.ts'
import { readSchedule } from './read-schedule.ts'
import { requireSchedule } from './require-schedule.ts'
import { toOccurrence } from './to-occurrence.ts'

export async function previewSchedule(ctx: Ctx, input: InputFor<'schedules.preview'>): Promise<AnswerTo<'schedules.preview'>> {
  const nowMs = ctx.clock.now()
  const isShort = typeof input.schedule === 'string'
  const schedule = readSchedule(input.schedule, input.timezone ?? 'UTC', nowMs)
  const sources = await withOrg(ctx, (tx) => readCalendarSources(tx, ctx.org, calendarsOf(schedule)))
  const compiled = requireSchedule(schedule, sources, 'schedule', isShort)
  const viewerZone = requireZone(input.viewerZone ?? schedule.zone)
  const { lines, end } = preview(compiled, input.after === undefined ? nowMs : Date.parse(input.after), input.count, viewerZone)
  const analysis = analyse(compiled, nowMs)
  return {
    schedule: schedule as OutputOf<'schedules.preview'>['schedule'],
    description: describeSchedule(schedule),
    occurrences: lines.map(toOccurrence),
    end,
    analysis: { ...analysis, dstConflicts: [...analysis.dstConflicts] },
    warnings: listScheduleWarnings(analysis, compiled, nowMs),
  }
}

/** @throws invalid_input */
function requireZone(name: string): string {
  if (findZone(name) !== undefined) return name
  const error = {
    path: 'viewerZone',
    message: `${JSON.stringify(name)} is not an IANA time zone`,
    expected: 'a zone such as Europe/Berlin',
  }
  throw problem('invalid_input', `viewerZone: ${error.message}`, { errors: [error] })
}
