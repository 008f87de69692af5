import { EVENT_TYPES } from '@orrery/contract'
import { EVENT_STREAM_PATH } from '../http/paths.ts'

/** `start`, or the id of an event as `eventId` of the contract. */
const CURSOR = { type: 'string', pattern: '^(start|\\d{1,20}-\\d{1,19})$' }

/** The event stream in the OpenAPI document. A stream never ends, so it is not an operation and is described by hand. */
export const EVENT_STREAM_PATHS = {
  [EVENT_STREAM_PATH]: {
    get: {
      operationId: 'events.stream',
      tags: ['events'],
      summary: 'Follow events as they happen',
      description: [
        'Server-sent events: `id` is the cursor, `event` the type, `data` the event as JSON.',
        'A client that reconnects with `Last-Event-ID` misses no event and gets none twice, even after a restart or on another process.',
      ].join(' '),
      parameters: [
        {
          name: 'Last-Event-ID',
          in: 'header',
          description: 'Id of the last event seen. Browsers send it automatically.',
          schema: CURSOR,
        },
        {
          name: 'cursor',
          in: 'query',
          description:
            'The same, for clients that cannot set headers. `start`: from the oldest event that is kept. Absent: only new events.',
          schema: CURSOR,
        },
        {
          name: 'type',
          in: 'query',
          description: 'Only events of these types. May be repeated.',
          schema: { type: 'array', items: { type: 'string', examples: [...EVENT_TYPES] } },
          style: 'form',
          explode: true,
        },
        { name: 'subject', in: 'query', description: 'Only events about this id or name.', schema: { type: 'string' } },
      ],
      'x-permission': 'events:read',
      responses: {
        200: { description: 'The stream.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        default: { $ref: '#/components/responses/Problem' },
      },
    },
  },
}
