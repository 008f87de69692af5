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
  'tool.put',
  'tool.deleted',
  /** The MCP server of a tool says something else of it than what was accepted; it is not called until it is reviewed. */
  'tool.changed',
  'tool.reviewed',
  'automation.created',
  'automation.updated',
  'automation.deleted',
  'automation.paused',
  'automation.resumed',
  'automation.snoozed',
  'automation.ended',
  'automation.fired',
  'calendar.created',
  'calendar.updated',
  'calendar.deleted',
  'calendar.feed_failed',
  'pipeline.saved',
  'pipeline.deleted',
  'key.created',
  'key.revoked',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** First words of types that only Orrery writes: whoever reacts to `run.failed` relies on it that a run has failed. */
const RESERVED: ReadonlySet<string> = new Set([
  ...EVENT_TYPES.map(firstWord),
  ...['run', 'workflow', 'queue', 'limit', 'connection', 'key', 'automation', 'tool', 'pipeline', 'calendar', 'event'],
])

function firstWord(topic: string): string {
  return topic.split('.', 1)[0] ?? ''
}

export function isReservedTopic(topic: string): boolean {
  return RESERVED.has(firstWord(topic.toLowerCase()))
}

/** The type of an event that people have named. */
export const eventTopic = z
  .string()
  .max(128)
  .regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, 'Expected words of small letters, digits, dashes and underscores between dots, e.g. order.paid')
  .refine((topic) => !isReservedTopic(topic), 'Only Orrery writes events whose type begins with this word')
  .meta({ description: 'Words between dots, e.g. `order.paid`. The first one may not be one that Orrery’s own events begin with.' })

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
