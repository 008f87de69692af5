/** Events: durable, ordered facts of one organization. A subscriber resumes after the last `id` it saw. */
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
  /** An MCP server has changed the definition of a tool; the tool is not called until a review accepts the new one. */
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
  'member.joined',
  'member.updated',
  'member.removed',
  'agent.created',
  'agent.updated',
  'agent.deleted',
  'role.saved',
  'role.deleted',
  'group.created',
  'group.updated',
  'group.deleted',
  'org.rules_changed',
  'invitation.created',
  'invitation.accepted',
  'invitation.revoked',
  'erasure.waiting',
  'erasure.ended',
  'retention.set',
  'key.created',
  'key.revoked',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** First words of types that only Orrery writes, so that a subscriber can trust a `run.failed`. */
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

/** The type of an event that users emit. */
export const eventTopic = z
  .string()
  .max(128)
  .regex(
    /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/,
    'Expected words of lower-case letters, digits, dashes and underscores, separated by dots, e.g. order.paid',
  )
  .refine((topic) => !isReservedTopic(topic), 'Only Orrery writes events whose type begins with this word')
  .meta({
    description: 'Words separated by dots, e.g. `order.paid`. The first word must not be the first word of one of Orrery’s own events.',
  })

/** Position in the log of an organization: `<transaction>-<row>`. Compared as two numbers, not as text. */
export const eventId = z.string().regex(/^\d{1,20}-\d{1,19}$/, 'Expected the id of an event, e.g. 7412-90')

export const event = z.object({
  id: eventId,
  /** One of EVENT_TYPES. Readers must ignore types that they do not know. */
  type: z.string(),
  /** The id or name of the object of the event: `run_…`, for example. */
  subject: z.string(),
  at: timestamp,
  data: json,
})
export type Event = z.infer<typeof event>
