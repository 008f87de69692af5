import { z } from 'zod'
import { schedule, timezone } from '../nouns/schedule.ts'
import { schedulePreview } from '../nouns/schedule-preview.ts'
import { defineOperation } from '../operation.ts'
import { text, timestamp } from '../scalars.ts'

export const previewSchedule = defineOperation({
  name: 'schedules.preview',
  summary: 'Show when a schedule occurs',
  description:
    'Shows the next occurrences in two time zones, marks clock changes, and describes the schedule and possible surprises in plain English. ' +
    'Saves nothing: use it before creating an automation.',
  input: z.strictObject({
    schedule: z.union([text(10_000), schedule]).meta({
      description:
        'A schedule, or a text: an RRULE, a cron expression, `every 30m`, a preset (`quarterly`, `business_days at 09:00`), or a time (once).',
      examples: ['FREQ=DAILY;BYHOUR=7;BYMINUTE=30'],
    }),
    timezone: timezone.optional().meta({ description: 'Time zone of a schedule that does not set one. Default: UTC.' }),
    viewerZone: timezone.optional().meta({ description: 'Time zone of the viewer. Default: that of the schedule.' }),
    count: z.number().int().min(1).max(100).default(10).meta({ description: 'The number of occurrences, 1 to 100.' }),
    after: timestamp.optional().meta({ description: 'Occurrences after this time. Default: now.' }),
  }),
  output: schedulePreview,
  problems: ['schedule.invalid'],
  permission: 'calendars:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'POST', path: '/schedules/preview' },
  mcp: { tool: 'schedule_preview' },
  cli: { verb: 'schedules preview', positionals: ['schedule'] },
  rows: 'occurrences',
})
