import { z } from 'zod'
import { calendar, calendarDate, calendarDay, calendarDefinition, calendarSummary, calendarVersion } from '../nouns/calendar.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { name } from '../scalars.ts'

const named = { calendar: name }

export const putCalendar = defineOperation({
  name: 'calendars.put',
  summary: 'Create or replace a calendar',
  description:
    'The whole calendar: a time zone, and layers over “always open”; later layers win. Each change creates a version; an identical ' +
    'definition does not. The server fetches feeds within seconds, and then every hour.',
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
  description: 'Ordered by name, without the content of their layers.',
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
  description: 'With the state of its feeds. Shows the newest version by default.',
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
  description: 'Also deletes its versions. Refused while an automation or another calendar refers to it.',
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
  summary: 'Show the days of a calendar',
  description: 'For each day: opening hours, the name of a holiday or event, and whether it closes the day. At most 400 days.',
  input: z.strictObject({
    ...named,
    from: calendarDate.optional().meta({ description: 'The first day. Default: today in the time zone of the calendar.' }),
    to: calendarDate.optional().meta({ description: 'The last day. Default: 29 days after the first.' }),
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
  description: 'Fetches the feeds of its own layers. This takes seconds; `calendars.get` shows the result.',
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
