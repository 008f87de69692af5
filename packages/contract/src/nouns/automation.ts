/** Automations: what runs, and when. docs/guides/automations.md explains the members. */
import { z } from 'zod'
import { duration } from '../duration.ts'
import { automationId, firingId, runId, triggerId } from '../ids.ts'
import { isStorable, json, name, priority, sha256, tag, text, timestamp } from '../scalars.ts'
import { pipelineDefinition, pipelineStep } from './pipeline.ts'
import { runStatus } from './run.ts'
import { schedule, timezone } from './schedule.ts'
import { previewedOccurrence } from './schedule-preview.ts'
import { dedupeReuse } from './start.ts'

const expression = text(8_000)

/** Identifies a trigger within its automation. Default: its type, with a number if there are several of that type. */
const key = name

const scheduleTrigger = z.strictObject({
  type: z.literal('schedule'),
  key: key.optional(),
  schedule: z.union([text(10_000), schedule]).meta({
    description:
      'A schedule, or a text: an RRULE, a cron expression, `every 30m`, a preset (`quarterly`, `daily at 09:00`), or a time (once).',
  }),
  misfire: z.enum(['all', 'latest', 'none']).optional().meta({ description: 'Which overdue occurrences still run. Default: latest.' }),
  catchUpWindow: duration.optional().meta({ description: 'Occurrences that are overdue by more than this are dropped. Default: 1 day.' }),
  limit: z.number().int().min(1).max(1_000_000_000).optional().meta({ description: 'The number of firings after which the trigger ends.' }),
})

const eventTrigger = z.strictObject({
  type: z.literal('event'),
  key: key.optional(),
  topic: text(256).meta({ description: 'Types of events to react to: `orders.*.paid`, `orders.>`.' }),
  filter: expression.optional().meta({ description: 'An expression over `event`; the trigger fires if it is true.' }),
})

const conditionTrigger = z.strictObject({
  type: z.literal('condition'),
  key: key.optional(),
  condition: expression.meta({ description: 'An expression over `event`, or over `result` of the polled tool.' }),
  topic: text(256).optional().meta({ description: 'The condition is evaluated for each event of these types.' }),
  poll: z
    .strictObject({ uses: text(256), with: z.record(z.string(), json).optional(), every: duration })
    .optional()
    .meta({ description: 'The condition is evaluated for the result of this tool, which is called at the interval `every`.' }),
  mode: z.enum(['rising', 'falling', 'change', 'level']).optional().meta({
    description:
      'When to fire: as the condition becomes true (rising, the default), false (falling), either (change), or while it is true (level).',
  }),
  every: duration.optional().meta({ description: 'For mode level: the least time between two firings.' }),
})

const webhookTrigger = z.strictObject({
  type: z.literal('webhook'),
  key: key.optional(),
  signature: z.enum(['none', 'standard', 'github']).optional().meta({
    description:
      'How deliveries are signed. standard: Standard Webhooks (also Svix); github: X-Hub-Signature-256. The address is secret in any case.',
  }),
  filter: expression.optional(),
})

export const trigger = z.discriminatedUnion('type', [scheduleTrigger, eventTrigger, conditionTrigger, webhookTrigger])
export type Trigger = z.infer<typeof trigger>

/** The six overlap policies of Temporal. */
export const overlap = z.enum(['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other', 'allow_all'])

export const backoffStrategy = z.enum(['exponential_jitter', 'linear', 'fixed'])

/** For steps that do not set retries themselves. */
export const automationRetry = z.strictObject({ max: z.number().int().min(1).max(100), backoff: backoffStrategy.optional() })

/** A name must not look like an id, so that a reference can be either. */
const automationName = name.refine((value) => !automationId.safeParse(value).success, 'May not look like the id of an automation')

/** In paths, and where other objects refer to an automation. */
export const automationRef = z.union([automationId, name]).meta({ description: 'The id or the name of an automation.' })

export const automationDefinition = z.strictObject({
  name: automationName.optional().meta({ description: 'Unique in the organization. Default: derived from the title.' }),
  title: text(200).optional(),
  description: text(2_000).optional(),
  triggers: z.array(trigger).max(50).optional(),
  schedule: z
    .union([text(10_000), schedule])
    .optional()
    .meta({ description: 'Short for a single schedule trigger.' }),
  timezone: timezone.optional().meta({ description: 'Time zone of its schedules and its pipeline. Default: UTC.' }),
  pipeline: z
    .union([name, z.array(pipelineStep).max(200), pipelineDefinition])
    .optional()
    .meta({ description: 'The name of a stored pipeline, or an inline pipeline.' }),
  params: z.record(z.string(), json).optional().meta({ description: 'Params of the pipeline.' }),
  workflow: z
    .strictObject({ name, version: sha256.optional(), input: json.optional() })
    .optional()
    .meta({ description: 'A workflow to run instead of a pipeline. Texts in the input may contain `${event…}`.' }),
  overlap: overlap.optional().meta({ description: 'What to do when it fires while another of its runs is in progress. Default: skip.' }),
  priority: priority.optional(),
  queue: name.optional().meta({ description: 'Queue for the runs of a workflow.' }),
  tags: z.array(tag).max(20).optional(),
  timeout: duration.optional().meta({ description: 'Time limit of a run.' }),
  retry: z.union([z.literal(false), automationRetry]).optional(),
  concurrencyKey: text(512)
    .optional()
    .meta({ description: 'Runs with the same key, of any automation, run one at a time. May contain `${event…}`.' }),
  dedupe: z
    .strictObject({ key: text(512), window: duration, reuse: dedupeReuse })
    .optional()
    .meta({ description: 'Of all starts with the same key within the window, only the first one runs. The key may contain `${event…}`.' }),
  pauseAfterFailures: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .meta({ description: 'The automation is paused after this many failed runs in a row.' }),
  scopes: z.array(text(128)).max(100).optional().meta({ description: 'Scopes granted to its runs, for the tools that they call.' }),
})
export type AutomationDefinition = z.infer<typeof automationDefinition>

const ANNOTATIONS_MAX = 32
const ANNOTATIONS_LETTERS_MAX = 262_144

/** Entries beside an automation's definition, by the name of the client that keeps them. */
export const annotations = z
  .record(text(64).min(1), json)
  .refine((entries) => Object.keys(entries).length <= ANNOTATIONS_MAX, `At most ${ANNOTATIONS_MAX} entries`)
  .refine((entries) => JSON.stringify(entries).length <= ANNOTATIONS_LETTERS_MAX, `At most ${ANNOTATIONS_LETTERS_MAX} characters of JSON`)
  .refine(isStorable, 'May not contain a NUL character or an unpaired surrogate')
  .meta({
    description: 'What a client keeps beside the definition, by the name of the client. It is stored and returned, and has no effect.',
  })

const given = automationDefinition.shape

/** Absent fields keep their value; null removes an optional one. */
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
  summary: z.string().meta({ description: 'The trigger in plain English.' }),
  nextAt: timestamp.nullable().meta({ description: 'When it fires next, if known.' }),
  skipNext: z.number().int().meta({ description: 'How many of the next firings will be skipped.' }),
  remaining: z.number().int().nullable().meta({ description: 'How many firings are left; null: no limit.' }),
  trouble: z.string().nullable().meta({ description: 'Why it cannot fire until someone fixes it.' }),
})

export const automationSummary = z.object({
  id: automationId,
  name: z.string(),
  title: z.string(),
  version: z.number().int(),
  status: automationStatus,
  note: z.string().nullable().meta({ description: 'Why it was paused.' }),
  snoozedUntil: timestamp.nullable(),
  failures: z.number().int().meta({ description: 'Failed runs in a row.' }),
  nextAt: timestamp.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
})

export const automation = automationSummary.extend({
  definition: automationDefinition.meta({ description: 'The definition as it was submitted.' }),
  triggers: z.array(triggerState),
  warnings: z.array(z.string()),
  annotations: annotations.optional(),
})
export type Automation = z.infer<typeof automation>

/** The result of one moment at which an automation could have started a run. */
export const firing = z.object({
  id: firingId,
  automationId,
  triggerKey: z.string().nullable().meta({ description: 'Null: started by hand or through the API.' }),
  cause: z.enum(['schedule', 'event', 'condition', 'webhook', 'manual', 'backfill', 'agent']),
  version: z.number().int(),
  nominalAt: timestamp,
  firesAt: timestamp.nullable(),
  decidedAt: timestamp,
  outcome: z.enum(['scheduled', 'buffered', 'started', 'existing', 'skipped', 'failed']).meta({
    description: 'scheduled and buffered: decided later. existing: no new run, because of an earlier one with the same dedupe key.',
  }),
  reason: z.string().nullable(),
  count: z.number().int().meta({ description: 'How many occurrences this entry stands for, if several were skipped together.' }),
  runId: runId.nullable(),
  runStatus: runStatus.nullable(),
})
export type FiringShape = z.infer<typeof firing>

/** A moment at which an automation would fire. */
export const automationOccurrence = previewedOccurrence.extend({
  firesAt: timestamp.meta({ description: 'The time including jitter.' }),
  triggerKey: z.string(),
})
