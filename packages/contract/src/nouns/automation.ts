/** Automations: what runs when. What the members mean is in docs/guides/automations.md. */
import { z } from 'zod'
import { duration } from '../duration.ts'
import { automationId, firingId, runId, triggerId } from '../ids.ts'
import { json, name, priority, sha256, tag, text, timestamp } from '../scalars.ts'
import { pipelineDefinition, pipelineStep } from './pipeline.ts'
import { runStatus } from './run.ts'
import { schedule, timezone } from './schedule.ts'
import { previewedOccurrence } from './schedule-preview.ts'

const expression = text(8_000)

/** Names a trigger inside its automation; absent: its type, and a number if there are several. */
const key = name

const scheduleTrigger = z.strictObject({
  type: z.literal('schedule'),
  key: key.optional(),
  schedule: z
    .union([text(10_000), schedule])
    .meta({ description: 'A schedule; or for short an RRULE, a cron expression, `every 30m`, or a time (once).' }),
  misfire: z
    .enum(['all', 'latest', 'none'])
    .optional()
    .meta({ description: 'What becomes of occurrences that come up late. Absent: latest.' }),
  catchUpWindow: duration.optional().meta({ description: 'What is later than this is dropped. Absent: 1 day.' }),
  limit: z.number().int().min(1).max(1_000_000_000).optional().meta({ description: 'It fires so often, then ends.' }),
})

const eventTrigger = z.strictObject({
  type: z.literal('event'),
  key: key.optional(),
  topic: text(256).meta({ description: 'Types of events: `orders.*.paid`, `orders.>`.' }),
  filter: expression.optional().meta({ description: 'An expression over `event`; fires when it is true.' }),
})

const conditionTrigger = z.strictObject({
  type: z.literal('condition'),
  key: key.optional(),
  condition: expression.meta({ description: 'An expression over `event`, or over `result` of the tool that is polled.' }),
  topic: text(256).optional().meta({ description: 'Evaluated for each event of these types.' }),
  poll: z
    .strictObject({ uses: text(256), with: z.record(z.string(), json).optional(), every: duration })
    .optional()
    .meta({ description: 'Evaluated for what this tool answers, asked so often.' }),
  mode: z
    .enum(['rising', 'falling', 'change', 'level'])
    .optional()
    .meta({ description: 'Fires as it becomes true (if absent), false, either; or while it is true.' }),
  every: duration.optional().meta({ description: 'Of mode level: so often at most.' }),
})

const webhookTrigger = z.strictObject({
  type: z.literal('webhook'),
  key: key.optional(),
  signature: z
    .enum(['none', 'standard', 'github'])
    .optional()
    .meta({ description: 'The address is secret in any case. standard: Standard Webhooks; github: X-Hub-Signature-256.' }),
  filter: expression.optional(),
})

export const trigger = z.discriminatedUnion('type', [scheduleTrigger, eventTrigger, conditionTrigger, webhookTrigger])
export type Trigger = z.infer<typeof trigger>

/** Temporal's six overlap policies. */
export const overlap = z.enum(['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other', 'allow_all'])

export const backoffStrategy = z.enum(['exponential_jitter', 'linear', 'fixed'])

/** Of steps that say nothing about retries themselves. */
export const automationRetry = z.strictObject({ max: z.number().int().min(1).max(100), backoff: backoffStrategy.optional() })

/** Not of the form of an id, so that either can be used where one of both is meant. */
const automationName = name.refine((value) => !automationId.safeParse(value).success, 'May not look like the id of an automation')

/** In paths and where others refer to an automation. */
export const automationRef = z.union([automationId, name]).meta({ description: 'The id or the name of an automation.' })

export const automationDefinition = z.strictObject({
  name: automationName.optional().meta({ description: 'Unique. Absent: made of the title.' }),
  title: text(200).optional(),
  description: text(2_000).optional(),
  triggers: z.array(trigger).max(50).optional(),
  schedule: z
    .union([text(10_000), schedule])
    .optional()
    .meta({ description: 'For short: one schedule trigger.' }),
  timezone: timezone.optional().meta({ description: 'Of its schedules and of its pipeline. Absent: UTC.' }),
  pipeline: z
    .union([name, z.array(pipelineStep).max(200), pipelineDefinition])
    .optional()
    .meta({ description: 'The name of a stored pipeline, or one written out.' }),
  params: z.record(z.string(), json).optional().meta({ description: 'Params of the pipeline.' }),
  workflow: z
    .strictObject({ name, version: sha256.optional(), input: json.optional() })
    .optional()
    .meta({ description: 'In place of a pipeline. Texts in the input may hold `${event…}`.' }),
  overlap: overlap.optional().meta({ description: 'What happens while another run of it is going. Absent: skip.' }),
  priority: priority.optional(),
  queue: name.optional().meta({ description: 'Of a workflow.' }),
  tags: z.array(tag).max(20).optional(),
  timeout: duration.optional().meta({ description: 'Of a run.' }),
  retry: z.union([z.literal(false), automationRetry]).optional(),
  concurrencyKey: text(512)
    .optional()
    .meta({ description: 'Runs with the same key, of any automation, run one at a time. It may hold `${event…}`.' }),
  dedupe: z
    .strictObject({ key: text(512), window: duration })
    .optional()
    .meta({ description: 'Of the starts with the same key within the window only the first runs. The key may hold `${event…}`.' }),
  pauseAfterFailures: z.number().int().min(1).max(1_000).optional().meta({ description: 'Paused after so many failed runs in a row.' }),
  scopes: z.array(text(128)).max(100).optional().meta({ description: 'Given to the tools that its runs call.' }),
})
export type AutomationDefinition = z.infer<typeof automationDefinition>

/** Entries beside an automation's definition, by the name of the client that keeps them. */
export const annotations = z
  .record(text(64).min(1), json)
  .refine((entries) => Object.keys(entries).length <= 32, 'At most 32 entries')
  .meta({
    description: 'What a client keeps beside the definition, by the name of the client. It is stored and returned, and has no effect.',
  })

const given = automationDefinition.shape

/** Fields that are absent stay; null takes one away. */
export const automationChange = {
  name: given.name,
  title: given.title.nullable(),
  description: given.description.nullable(),
  triggers: given.triggers.nullable(),
  schedule: given.schedule.nullable(),
  timezone: given.timezone.nullable(),
  pipeline: given.pipeline.nullable(),
  params: given.params.nullable(),
  workflow: given.workflow.nullable(),
  overlap: given.overlap.nullable(),
  priority: given.priority.nullable(),
  queue: given.queue.nullable(),
  tags: given.tags.nullable(),
  timeout: given.timeout.nullable(),
  retry: given.retry.nullable(),
  concurrencyKey: given.concurrencyKey.nullable(),
  dedupe: given.dedupe.nullable(),
  pauseAfterFailures: given.pauseAfterFailures.nullable(),
  scopes: given.scopes.nullable(),
} as const satisfies Readonly<Record<keyof AutomationDefinition, z.ZodType>>

export const automationStatus = z.enum(['active', 'paused', 'snoozed', 'ended'])

export const triggerState = z.object({
  id: triggerId,
  key: z.string(),
  type: z.enum(['schedule', 'event', 'condition', 'webhook']),
  summary: z.string().meta({ description: 'What it means, in plain English.' }),
  nextAt: timestamp.nullable().meta({ description: 'When it fires next, as far as that is known.' }),
  skipNext: z.number().int().meta({ description: 'So many firings are still to be left out.' }),
  remaining: z.number().int().nullable().meta({ description: 'So many firings are left; null: no limit.' }),
  trouble: z.string().nullable().meta({ description: 'Why it cannot fire until somebody does something.' }),
})

export const automationSummary = z.object({
  id: automationId,
  name: z.string(),
  title: z.string(),
  version: z.number().int(),
  status: automationStatus,
  note: z.string().nullable().meta({ description: 'Why it is paused.' }),
  snoozedUntil: timestamp.nullable(),
  failures: z.number().int().meta({ description: 'Failed runs in a row.' }),
  nextAt: timestamp.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
})

export const automation = automationSummary.extend({
  definition: automationDefinition.meta({ description: 'As it was given.' }),
  triggers: z.array(triggerState),
  warnings: z.array(z.string()),
  annotations: annotations.optional(),
})
export type Automation = z.infer<typeof automation>

/** What came of one moment at which an automation could have started a run. */
export const firing = z.object({
  id: firingId,
  automationId,
  triggerKey: z.string().nullable().meta({ description: 'Null: by hand or through the API.' }),
  cause: z.enum(['schedule', 'event', 'condition', 'webhook', 'manual', 'backfill', 'agent']),
  version: z.number().int(),
  nominalAt: timestamp,
  firesAt: timestamp.nullable(),
  decidedAt: timestamp,
  outcome: z
    .enum(['scheduled', 'buffered', 'started', 'existing', 'skipped', 'failed'])
    .meta({ description: 'scheduled and buffered are decided later; existing: an earlier run stands for it (dedupe).' }),
  reason: z.string().nullable(),
  count: z.number().int().meta({ description: 'Of occurrences skipped together.' }),
  runId: runId.nullable(),
  runStatus: runStatus.nullable(),
})
export type FiringShape = z.infer<typeof firing>

/** One moment at which an automation would fire. */
export const automationOccurrence = previewedOccurrence.extend({
  firesAt: timestamp.meta({ description: 'With its jitter.' }),
  triggerKey: z.string(),
})
