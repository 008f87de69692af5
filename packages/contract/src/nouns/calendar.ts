/** Business calendars: which days and hours count. What the members mean is in docs/guides/schedules-and-calendars.md. */
import { z } from 'zod'
import { name, text, timestamp } from '../scalars.ts'
import { timezone } from './schedule.ts'

const hours = text(11).meta({ description: '09:00-17:30; a range may end at 24:00.' })
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
  to: calendarDate.optional().meta({ description: 'The last day, if there are several.' }),
  name: text(200).optional(),
  open: ranges.optional().meta({ description: 'Closed if absent or empty.' }),
})

/** Shown to whoever may read calendars. A name and a password in it would be, too, so it has none. */
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
    region: text(20).meta({ description: 'US, US-CA, DE-BY: a country, a state, a region.' }),
    types: z
      .array(z.enum(['public', 'bank', 'school', 'optional', 'observance']))
      .max(5)
      .optional()
      .meta({ description: 'Absent: public.' }),
    except: z.array(text(200)).max(100).optional().meta({ description: 'Names of holidays that do not count.' }),
  }),
  z.strictObject({ kind: z.literal('days'), days: z.array(specialDay).max(2_000) }),
  z.strictObject({ kind: z.literal('feed'), feed: feedUrl.meta({ description: 'Address of an iCalendar feed: closed on its events.' }) }),
  z.strictObject({ kind: z.literal('calendar'), calendar: name.meta({ description: 'Open only where this calendar is open, too.' }) }),
])

/** Always open, and then what its layers make of each day, one after the other. */
export const calendarDefinition = z.strictObject({
  zone: timezone.meta({ description: 'IANA name of the zone in which its hours are told.' }),
  layers: z.array(calendarLayer).max(50),
})
export type CalendarDefinition = z.infer<typeof calendarDefinition>

export const calendarFeed = z.object({
  feed: z.string(),
  state: z.enum(['awaited', 'fetched', 'failing']).meta({
    description: 'awaited: not fetched yet. failing: the last try failed; the last good text, if there is one, still counts.',
  }),
  fetchedAt: timestamp.nullable().meta({ description: 'When its text was last seen to be current.' }),
  changedAt: timestamp.nullable(),
  failedAt: timestamp.nullable(),
  failure: z.string().nullable(),
  nextAt: timestamp.meta({ description: 'When it is fetched next.' }),
})

const shown = { name: z.string(), version: z.number().int(), zone: z.string() }
const times = { createdAt: timestamp, updatedAt: timestamp }

export const calendarSummary = z.object({
  ...shown,
  layers: z.array(z.string()).meta({ description: 'Their kinds, in order.' }),
  failing: z.array(z.string()).meta({ description: 'Feeds that could not be fetched the last time.' }),
  ...times,
})

export const calendar = z.object({
  ...shown,
  layers: calendarDefinition.shape.layers,
  feeds: z.array(calendarFeed).meta({ description: 'Of its own layers.' }),
  ...times,
})

export const calendarVersion = z.object({
  version: z.number().int(),
  at: timestamp,
  actor: z.string().meta({ description: 'Who made it: the id of a key, for example.' }),
})

export const calendarDay = z.object({
  date: z.string(),
  weekday: z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']),
  open: z.array(z.string()).meta({ description: 'Ranges of hours; none: closed.' }),
  name: z.string().nullable().meta({ description: 'The holiday, special day or event that changed the day last.' }),
  isHoliday: z.boolean().meta({ description: 'Closed all day by something other than weekly hours.' }),
})
