/** When something should happen, as data. docs/guides/schedules-and-calendars.md explains the members. */
import { z } from 'zod'
import { duration } from '../duration.ts'
import { name, text } from '../scalars.ts'

export const timezone = text(64).meta({ description: 'IANA name of a time zone, e.g. America/New_York.', examples: ['America/New_York'] })

const moment = text(40).meta({
  description: 'A day (2026-03-01), a local time in the zone (2026-03-01T09:00) or an instant (2026-03-01T09:00:00Z).',
})

const included = [
  z.strictObject({ kind: z.literal('rrule'), rrule: text(10_000), start: moment.optional() }),
  z.strictObject({ kind: z.literal('cron'), cron: text(500) }),
  z.strictObject({ kind: z.literal('interval'), every: duration, phase: duration.optional(), anchor: moment.optional() }),
  z.strictObject({ kind: z.literal('dates'), dates: z.array(moment).min(1).max(10_000) }),
] as const

export const scheduleInclude = z.discriminatedUnion('kind', included)

export const scheduleExclude = z.discriminatedUnion('kind', [
  ...included,
  z.strictObject({ kind: z.literal('range'), from: moment, to: moment }),
  z.strictObject({ kind: z.literal('calendar'), calendar: name, closed: z.enum(['holidays', 'days', 'hours']).optional() }),
])

/** Default of `zone`: the time zone of the object that has the schedule. */
export const schedule = z.strictObject({
  zone: timezone.optional(),
  include: z.array(scheduleInclude).min(1).max(100),
  exclude: z.array(scheduleExclude).max(100).optional(),
  calendar: z
    .strictObject({ id: name, roll: z.enum(['skip', 'next', 'previous', 'modified-following']) })
    .optional()
    .meta({ description: 'A business calendar: occurrences on days without business are dropped or moved.' }),
  start: moment.optional(),
  end: moment.optional(),
  count: z.number().int().min(1).max(100_000).optional(),
  jitter: duration.optional(),
  dst: z
    .strictObject({ gap: z.enum(['shift', 'first-valid', 'skip']).optional(), overlap: z.enum(['first', 'second', 'both']).optional() })
    .optional(),
})
export type ScheduleInput = z.infer<typeof schedule>
