/** What a schedule comes to: the next moments, in words, and what may surprise whoever wrote it. */
import { z } from 'zod'
import { timestamp } from '../scalars.ts'
import { schedule } from './schedule.ts'

const local = z.string().meta({ description: '2026-03-08T03:30:00-04:00.' })
const weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])
const clocks = z
  .enum(['forward', 'back'])
  .nullable()
  .meta({ description: 'Whether the clocks of the zone change on that day, and which way.' })

/** Flat, so that a table shows it; `viewer…` is the same moment in the zone of whoever looks. */
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
  isImpossible: z.boolean().meta({ description: 'Nothing ever occurs.' }),
  isUndecided: z.boolean().meta({ description: 'The search was given up, so that nothing can be said of `isImpossible`.' }),
  dstConflicts: z
    .array(z.object({ local: z.string(), kind: z.enum(['gap', 'overlap']) }))
    .meta({ description: 'Local times of the next ten years that the clocks jump over or show twice; at most 10.' }),
  leapDay: z.enum(['none', 'only', 'also', 'moves']).meta({ description: 'What leap years do to it.' }),
  skipsShortMonths: z.boolean().meta({ description: 'It names a day that some months lack.' }),
})

export const schedulePreview = z.object({
  schedule: schedule.meta({ description: 'As it would be kept: with its zone, and a start for rules that need one.' }),
  description: z.string().meta({ description: 'In plain English.' }),
  occurrences: z.array(previewedOccurrence).meta({ description: 'Before jitter, which depends on the automation.' }),
  end: z
    .enum(['more', 'ended', 'limit'])
    .meta({ description: 'limit: the next one was not found within the work that a question may cost.' }),
  analysis: scheduleAnalysis,
  warnings: z.array(z.string()).meta({ description: 'The analysis in words; empty if nothing may surprise.' }),
})
