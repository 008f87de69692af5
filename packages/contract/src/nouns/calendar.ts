/** Business calendars: which days and hours count. docs/guides/schedules-and-calendars.md explains the members. */
import { z } from 'zod'
import { name, text, timestamp } from '../scalars.ts'
import { timezone } from './schedule.ts'

const hours = text(11).meta({ description: 'A range of hours: 09:00-17:30. It may end at 24:00.' })
const ranges = z.array(hours).max(24)
export const calendarDate = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, 'Expected a date such as 2026-12-24')
  .meta({ description: 'A day: 2026-12-24.' })

const week = z.strictObject({
  mon: ranges.optional(),
  tue: ranges.optional(),
  wed: ranges.optional(),
  thu: ranges.optional(),
  fri: ranges.optional(),
  sat: ranges.optional(),
  sun: ranges.optional(),
})

const specialDay = z.strictObject({
  date: calendarDate,
  to: calendarDate.optional().meta({ description: 'The last day of a period of several days.' }),
  name: text(200).optional(),
  open: ranges.optional().meta({ description: 'Opening hours; closed if absent or empty.' }),
})

/** Everyone who may read calendars sees this URL, so it must not contain a user name and a password. */
const feedUrl = z
  .string()
  .max(2048)
  .regex(
    /^https?:\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(\/[\x21-\x7e]*)?$/,
    'Expected an http or https URL without a user name in it',
  )
  .refine((value) => URL.canParse(value), 'Expected a URL')

export const calendarLayer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hours'), week }),
  z.strictObject({
    kind: z.literal('holidays'),
    region: text(20).meta({ description: 'A country, a state or a region: US, US-CA, DE-BY.' }),
    types: z
      .array(z.enum(['public', 'bank', 'school', 'optional', 'observance']))
      .max(5)
      .optional()
      .meta({ description: 'Default: public.' }),
    except: z.array(text(200)).max(100).optional().meta({ description: 'Names of holidays to ignore.' }),
  }),
  z.strictObject({ kind: z.literal('days'), days: z.array(specialDay).max(2_000) }),
  z.strictObject({
    kind: z.literal('feed'),
    feed: feedUrl.meta({ description: 'Address of an iCalendar feed; the calendar is closed during its events.' }),
    free: z.enum(['open', 'closed']).optional().meta({
      description: 'Whether events marked as free (TRANSP:TRANSPARENT) close it too. Default: open, they do not.',
    }),
  }),
  z.strictObject({
    kind: z.literal('calendar'),
    calendar: name.meta({ description: 'Another calendar; open only when it is open, too.' }),
  }),
])

/** Starts as always open; its layers then change each day, one after the other. */
export const calendarDefinition = z.strictObject({
  zone: timezone.meta({ description: 'IANA name of the time zone of its hours.' }),
  layers: z.array(calendarLayer).max(50),
})
export type CalendarDefinition = z.infer<typeof calendarDefinition>

export const calendarFeed = z.object({
  feed: z.string(),
  state: z.enum(['awaited', 'fetched', 'failing']).meta({
    description: 'awaited: not fetched yet. failing: the last attempt failed; the last valid text, if there is one, is still used.',
  }),
  fetchedAt: timestamp.nullable().meta({ description: 'When its text was last confirmed to be current.' }),
  changedAt: timestamp.nullable(),
  failedAt: timestamp.nullable(),
  failure: z.string().nullable(),
  warnings: z.array(z.string()).meta({ description: 'What of its text was left out or is not understood, with the line.' }),
  nextAt: timestamp.meta({ description: 'When it will be fetched next.' }),
})

const shown = { name: z.string(), version: z.number().int(), zone: z.string() }
const times = { createdAt: timestamp, updatedAt: timestamp }

export const calendarSummary = z.object({
  ...shown,
  layers: z.array(z.string()).meta({ description: 'The kinds of its layers, in order.' }),
  failing: z.array(z.string()).meta({ description: 'Feeds whose last fetch failed.' }),
  ...times,
})

export const calendar = z.object({
  ...shown,
  layers: calendarDefinition.shape.layers,
  feeds: z.array(calendarFeed).meta({ description: 'The feeds of its own layers.' }),
  ...times,
})

export const calendarVersion = z.object({
  version: z.number().int(),
  at: timestamp,
  actor: z.string().meta({ description: 'Who saved it, e.g. the id of an API key.' }),
})

export const calendarDay = z.object({
  date: z.string(),
  weekday: z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']),
  open: z.array(z.string()).meta({ description: 'Opening hours; empty: closed.' }),
  name: z.string().nullable().meta({ description: 'The holiday, special day or event that last changed the day.' }),
  isHoliday: z.boolean().meta({ description: 'True if something other than the weekly hours closes the whole day.' }),
})
