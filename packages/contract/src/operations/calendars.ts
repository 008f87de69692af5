import { z } from 'zod'
import { calendar, calendarDate, calendarDay, calendarDefinition, calendarSummary, calendarVersion } from '../nouns/calendar.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { name } from '../scalars.ts'

const named = { calendar: name }

export const putCalendar = defineOperation({
  name: 'calendars.put',
  summary: 'Make or replace a calendar',
  description:
    'The whole calendar: a zone, and layers over “always open” of which later ones win. Each change makes a version; what is the same makes ' +
    'none. Feeds are fetched by the server within seconds, then every hour.',
  input: z.strictObject({ ...named, ...calendarDefinition.shape }),
  output: calendar,
  problems: ['calendar.invalid'],
  permission: 'calendars:write',
  effect: 'write',
  idempotent: true,
  audit: 'calendar.put',
  http: { method: 'PUT', path: '/calendars/{calendar}' },
  mcp: { tool: 'calendar_put' },
  cli: { verb: 'calendars put', positionals: ['calendar'] },
})

export const listCalendars = defineOperation({
  name: 'calendars.list',
  summary: 'List calendars',
  description: 'By name, without what is in their layers.',
  input: z.strictObject(pageInput),
  output: page(calendarSummary),
  problems: [],
  permission: 'calendars:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/calendars' },
  mcp: { tool: 'calendar_list' },
  cli: { verb: 'calendars list' },
  rows: 'items',
})

export const getCalendar = defineOperation({
  name: 'calendars.get',
  summary: 'Show a calendar',
  description: 'With the state of its feeds. The newest version, or an older one.',
  input: z.strictObject({ ...named, version: z.number().int().min(1).max(1_000_000_000).optional() }),
  output: calendar,
  problems: ['calendar.not_found'],
  permission: 'calendars:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/calendars/{calendar}' },
  mcp: { tool: 'calendar_get' },
  cli: { verb: 'calendars get', positionals: ['calendar'] },
})

export const listCalendarVersions = defineOperation({
  name: 'calendars.versions',
  summary: 'List the versions of a calendar',
  description: 'Newest first.',
  input: z.strictObject({ ...named, ...pageInput }),
  output: page(calendarVersion),
  problems: ['calendar.not_found'],
  permission: 'calendars:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/calendars/{calendar}/versions' },
  cli: { verb: 'calendars versions', positionals: ['calendar'] },
  rows: 'items',
})

export const deleteCalendar = defineOperation({
  name: 'calendars.delete',
  summary: 'Delete a calendar',
  description: 'With its versions. Refused while an automation or another calendar names it.',
  input: z.strictObject(named),
  output: calendar,
  problems: ['calendar.not_found', 'calendar.in_use'],
  permission: 'calendars:write',
  effect: 'write',
  idempotent: true,
  audit: 'calendar.deleted',
  http: { method: 'DELETE', path: '/calendars/{calendar}' },
  cli: { verb: 'calendars delete', positionals: ['calendar'] },
})

export const listCalendarDays = defineOperation({
  name: 'calendars.days',
  summary: 'Show what a calendar says of some days',
  description: 'Open hours, the name of a holiday or event, and whether it closes the day. At most 400 days.',
  input: z.strictObject({
    ...named,
    from: calendarDate.optional().meta({ description: 'The first day. Absent: today in the zone of the calendar.' }),
    to: calendarDate.optional().meta({ description: 'The last day. Absent: 29 days after the first.' }),
  }),
  output: z.object({ zone: z.string(), days: z.array(calendarDay) }),
  problems: ['calendar.not_found', 'calendar.unusable'],
  permission: 'calendars:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/calendars/{calendar}/days' },
  mcp: { tool: 'calendar_days' },
  cli: { verb: 'calendars days', positionals: ['calendar'] },
  rows: 'days',
})

export const refreshCalendar = defineOperation({
  name: 'calendars.refresh',
  summary: 'Fetch the feeds of a calendar now',
  description: 'Of its own layers. The server fetches them within seconds; `calendars.get` shows what came of it.',
  input: z.strictObject(named),
  output: calendar,
  problems: ['calendar.not_found'],
  permission: 'calendars:write',
  effect: 'write',
  idempotent: true,
  audit: 'calendar.refreshed',
  http: { method: 'POST', path: '/calendars/{calendar}/refresh', status: 202 },
  cli: { verb: 'calendars refresh', positionals: ['calendar'] },
})
