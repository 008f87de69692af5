/** Events: durable, ordered facts of one organization. Subscribers resume behind the last `id` they saw. */
import { z } from 'zod'
import { json, timestamp } from './scalars.ts'

export const EVENT_TYPES = [
  'run.started',
  'run.succeeded',
  'run.failed',
  'run.cancelled',
  'run.timed_out',
  'run.blocked',
  'run.paused',
  'run.resumed',
  'run.progress',
  'workflow.deployed',
  'queue.paused',
  'queue.resumed',
  'limit.changed',
  'connection.created',
  'connection.updated',
  'connection.deleted',
  'key.created',
  'key.revoked',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** Position in the log of an organization: `<transaction>-<row>`. Ordered by its two numbers, not as text. */
export const eventId = z.string().regex(/^\d{1,20}-\d{1,19}$/, 'Expected the id of an event, e.g. 7412-90')

export const event = z.object({
  id: eventId,
  /** One of EVENT_TYPES; a reader must let types pass that it does not know. */
  type: z.string(),
  /** The id of what it is about: `run_…`, or a name. */
  subject: z.string(),
  at: timestamp,
  data: json,
})
export type Event = z.infer<typeof event>
