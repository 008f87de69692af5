import { z } from 'zod'
import { event, eventId, eventTopic } from '../events.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { json, name, text, timestamp } from '../scalars.ts'

export const listEvents = defineOperation({
  name: 'events.list',
  summary: 'Read the event log',
  description:
    'Oldest first, behind the event `cursor`; `nextCursor` is null when there is nothing more yet. With `newestFirst` the other way round. ' +
    'The stream at /events/stream gives the same events as they happen.',
  input: z.strictObject({
    ...pageInput,
    cursor: eventId.optional().meta({ description: 'Id of the last event seen; absent: from the oldest that is kept.' }),
    newestFirst: z.boolean().default(false),
    type: text(128).optional(),
    subject: text(600).optional(),
  }),
  output: page(event),
  problems: [],
  permission: 'events:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/events' },
  mcp: { tool: 'event_list' },
  cli: { verb: 'events list' },
  rows: 'items',
})

export const emitTopic = defineOperation({
  name: 'events.emit',
  summary: 'Emit an event',
  description:
    'Writes an event to the log: subscribers see it, and automations with a trigger for its topic fire. The payload may have 64 KB; ' +
    'a run that is started gets the event as `event`, with the payload in `event.data`.',
  input: z.strictObject({
    topic: eventTopic,
    payload: json.default(null).meta({ description: 'Any JSON.' }),
    source: name.optional().meta({ description: 'Who says so; it becomes the subject. Absent: the id of the caller.' }),
  }),
  output: z.object({ type: z.string(), subject: z.string(), at: timestamp }),
  problems: [],
  permission: 'events:write',
  effect: 'write',
  idempotent: false,
  audit: 'event.emitted',
  http: { method: 'POST', path: '/events', status: 202 },
  mcp: { tool: 'event_emit' },
  cli: { verb: 'events emit', positionals: ['topic'] },
})
