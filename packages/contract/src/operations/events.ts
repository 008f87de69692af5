import { z } from 'zod'
import { event, eventId } from '../events.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { text } from '../scalars.ts'

export const listEvents = defineOperation({
  name: 'events.list',
  summary: 'Read the event log',
  description:
    'Oldest first, behind the event `cursor`; `nextCursor` is null when there is nothing more yet. The ' +
    'stream at /events/stream gives the same events as they happen.',
  input: z.strictObject({
    ...pageInput,
    cursor: eventId.optional().meta({ description: 'Id of the last event seen; absent: from the oldest that is kept.' }),
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
