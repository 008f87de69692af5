import { type OutputOf, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { describeSchedule, findZone, type Schedule } from '@orrery/recurrence'
import { NO_CALENDARS } from '../calendars/compile-calendars.ts'
import { computeOverCalendars } from '../calendars/compute-over-calendars.ts'
import { calendarsOf } from '../calendars/find-calendar-uses.ts'
import { readCalendarSources } from '../calendars/read-calendar-sources.ts'
import { type PreviewQuery, previewComputation, previewOf, type SchedulePreview } from './compute-preview.ts'
import { isSmallSchedule } from './is-small-schedule.ts'
import { readSchedule } from './read-schedule.ts'
import { refuseSchedule } from './refuse-schedule.ts'
import { toOccurrence } from './to-occurrence.ts'

export async function previewSchedule(ctx: Ctx, input: InputFor<'schedules.preview'>): Promise<AnswerTo<'schedules.preview'>> {
  const nowMs = ctx.clock.now()
  const isShort = typeof input.schedule === 'string'
  const schedule = readSchedule(input.schedule, input.timezone ?? 'UTC', nowMs)
  const viewerZone = input.viewerZone === undefined ? schedule.zone : requireZone(input.viewerZone)
  const afterMs = input.after === undefined ? nowMs : Date.parse(input.after)
  const found = await compute(ctx, schedule, { schedule, nowMs, afterMs, count: input.count, viewerZone })
  if (!found.ok) refuseSchedule(found.issues, 'schedule', isShort)
  const { analysis, lines, end, warnings } = found
  return {
    schedule: schedule as OutputOf<'schedules.preview'>['schedule'],
    description: describeSchedule(schedule),
    occurrences: lines.map(toOccurrence),
    end,
    analysis: { ...analysis, dstConflicts: [...analysis.dstConflicts] },
    warnings: [...warnings],
  }
}

async function compute(ctx: Ctx, schedule: Schedule, query: Omit<PreviewQuery, 'calendars'>): Promise<SchedulePreview> {
  if (isSmallSchedule(schedule)) {
    const computed = await previewOf({ ...query, calendars: NO_CALENDARS })
    if (computed.kind === 'done') return computed.value
  }
  return await withOrg(ctx, async (tx) => {
    const sources = await readCalendarSources(tx, ctx.org, calendarsOf(schedule))
    const computed = await computeOverCalendars<Omit<PreviewQuery, 'calendars'>, SchedulePreview>(
      ctx,
      tx,
      sources,
      previewComputation,
      query,
    )
    return computed.ok ? computed.value : computed
  })
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
