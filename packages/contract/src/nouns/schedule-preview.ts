/** Preview of a schedule: its next occurrences, the schedule in words, and what may surprise its author. */
import { z } from 'zod'
import { timestamp } from '../scalars.ts'
import { schedule } from './schedule.ts'

const local = z.string().meta({ description: 'Local time with its offset: 2026-03-08T03:30:00-04:00.' })
const weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])
const clocks = z
  .enum(['forward', 'back'])
  .nullable()
  .meta({ description: 'Whether the clocks of the zone change on that day, and in which direction.' })

/** Flat, so that a table can show it. `viewer…` is the same moment in the time zone of the viewer. */
export const previewedOccurrence = z.object({
  at: timestamp,
  local,
  weekday,
  clocks,
  viewerLocal: local,
  viewerWeekday: weekday,
  viewerClocks: clocks,
})

const scheduleAnalysis = z.object({
  isImpossible: z.boolean().meta({ description: 'True if there is never an occurrence.' }),
  isUndecided: z.boolean().meta({ description: 'True if the search reached its limit, so that `isImpossible` is not known.' }),
  dstConflicts: z
    .array(z.object({ local: z.string(), kind: z.enum(['gap', 'overlap']) }))
    .meta({ description: 'Local times in the next ten years that a clock change skips or repeats; at most 10.' }),
  leapDay: z.enum(['none', 'only', 'also', 'moves']).meta({ description: 'The effect of leap years.' }),
  skipsShortMonths: z.boolean().meta({ description: 'True if it names a day that some months do not have.' }),
})

export const schedulePreview = z.object({
  schedule: schedule.meta({ description: 'The schedule as it would be saved: with its zone, and a start for rules that need one.' }),
  description: z.string().meta({ description: 'The schedule in plain English.' }),
  occurrences: z.array(previewedOccurrence).meta({ description: 'The occurrences without jitter, which depends on the automation.' }),
  end: z.enum(['more', 'ended', 'limit']).meta({
    description: 'Why the list ends. more: the count was reached. ended: there are no further ones. limit: the search reached its limit.',
  }),
  analysis: scheduleAnalysis,
  warnings: z.array(z.string()).meta({ description: 'The analysis in words; empty if there is nothing to warn about.' }),
})
