import { z } from 'zod'
import { event, eventId, eventTopic } from '../events.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { json, name, text, timestamp } from '../scalars.ts'

export const listEvents = defineOperation({
  name: 'events.list',
  summary: 'Read the event log',
  description:
    'Oldest first, starting after the event `cursor`; `nextCursor` is null when there are no more events yet. `newestFirst` reverses the ' +
    'order. The stream at /events/stream sends the same events as they happen.',
  input: z.strictObject({
    ...pageInput,
    cursor: eventId.optional().meta({ description: 'Id of the last event seen. Default: start with the oldest event.' }),
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
    'Writes an event to the log: subscribers receive it, and automations with a trigger for its topic fire. The payload may have up to 64 KB; ' +
    'a run that it starts can read it as `event`, with the payload in `event.data`.',
  input: z.strictObject({
    topic: eventTopic,
    payload: json.default(null).meta({ description: 'Any JSON value.' }),
    source: name.optional().meta({ description: 'The source of the event, which becomes its subject. Default: the id of the caller.' }),
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
