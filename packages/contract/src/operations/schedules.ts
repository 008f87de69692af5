import { z } from 'zod'
import { schedule, timezone } from '../nouns/schedule.ts'
import { schedulePreview } from '../nouns/schedule-preview.ts'
import { defineOperation } from '../operation.ts'
import { text, timestamp } from '../scalars.ts'

export const previewSchedule = defineOperation({
  name: 'schedules.preview',
  summary: 'Show when a schedule occurs',
  description:
    'The next moments in two zones with the days on which clocks change, the schedule in plain English, and what may surprise. Keeps nothing: ' +
    'ask it before making an automation.',
  input: z.strictObject({
    schedule: z.union([text(10_000), schedule]).meta({
      description: 'A schedule; or for short an RRULE, a cron expression, `every 30m`, or a time (once).',
    }),
    timezone: timezone.optional().meta({ description: 'Of a schedule that names none. Absent: UTC.' }),
    viewerZone: timezone.optional().meta({ description: 'The second zone. Absent: the first one again.' }),
    count: z.number().int().min(1).max(100).default(10).meta({ description: 'How many moments, 1 to 100.' }),
    after: timestamp.optional().meta({ description: 'Absent: now.' }),
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
