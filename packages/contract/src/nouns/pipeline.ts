/** Pipelines: workflows written as JSON. What the members mean is in docs/guides/pipelines.md. */
import { z } from 'zod'
import { duration } from '../duration.ts'
import type { Json } from '../json.ts'
import { json, name, priority, text } from '../scalars.ts'

export interface Fields {
  [key: string]: Json
}

interface StepBase {
  /** Unique in the pipeline, nested steps included. */
  id: string
  description?: string
  if?: boolean | string
  save_as?: string
  on_error?: OnError
}

/** What follows when a step failed for good: the run fails, goes on without it, or other steps run in its place. */
export type OnError = 'fail' | 'continue' | ErrorSteps
export interface ErrorSteps {
  steps: PipelineStep[]
  /** `continue` (if absent): what the last of them gives becomes the step's value. `fail`: they only clean up. */
  after?: 'continue' | 'fail'
}

/** A step that calls something which can fail for a while. */
interface Repeatable {
  retry?: false | z.infer<typeof stepRetry>
  max_retries?: number
  timeout_seconds?: number
}

export interface ToolStep extends StepBase, Repeatable {
  uses: string
  with?: Fields
}
/** Runs another pipeline as a child; `with` are its `params`. */
export interface CallStep extends StepBase, Repeatable {
  pipeline: string
  with?: Fields
}
export interface ParallelStep extends StepBase {
  parallel: (PipelineStep | PipelineStep[])[]
  limit?: number
  timeout_seconds?: number
}
export interface ForEachStep extends StepBase {
  for_each: string | Json[]
  as?: string
  do: PipelineStep[]
  limit?: number
  timeout_seconds?: number
}
export interface WaitStep extends StepBase {
  wait: string | { for: string } | { until: string } | { signal: string; timeout?: string }
}
export interface HumanStep extends StepBase {
  human: z.infer<typeof humanRequest>
  timeout_seconds?: number
}

export type PipelineStep = ToolStep | CallStep | ParallelStep | ForEachStep | WaitStep | HumanStep

/** Arguments, parameters, JSON Schemas: any members, taken as they are. */
const fields = z
  .unknown()
  .refine((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'Expected an object')
  .meta({ type: 'object' }) as unknown as z.ZodType<Fields>

const STEPS_MAX = 200
const template = text(100_000)

const stepRetry = z.strictObject({
  max: z.number().int().min(1).max(100).optional().meta({ description: 'Attempts in all, the first one counted.' }),
  initial: duration.optional(),
  factor: z.number().min(1).max(100).optional(),
  increment: duration.optional().meta({ description: 'Added with each further attempt.' }),
  maximum: duration.optional(),
  jitter: z.enum(['full', 'equal', 'none']).optional(),
  non_retryable: z.array(text(256)).max(100).optional().meta({ description: 'Names of errors that end the step at once.' }),
})

/** Names are those of the SDK's `task()`; forms, SLAs and escalations are checked by whoever serves human tasks. */
const humanRequest = z.strictObject({
  title: text(2000),
  description: text(100_000).optional(),
  form: fields,
  assignTo: z.strictObject({ user: text(256).optional(), group: text(256).optional() }).optional(),
  context: fields.optional(),
  conversationId: text(256).optional(),
  sla: z.union([text(256), fields]).optional(),
  escalation: fields.optional(),
  priority: z.union([priority, z.string().regex(/^\$\{/)]).optional(),
  type: text(128).optional(),
  metadata: fields.optional(),
})

const steps = z.lazy(() => z.array(pipelineStep).min(1).max(STEPS_MAX))

/**
 * One object for every kind rather than a union: the member that names the kind decides, so that a mistake is told where it is, and
 * nested steps are looked at once.
 */
const anyStep = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'Expected 1 to 128 letters, digits, dots, dashes or underscores')
    .meta({ description: 'Unique in the pipeline, nested steps included.' }),
  description: text(2000).optional(),
  if: z
    .union([z.boolean(), text(8000)])
    .optional()
    .meta({ description: 'An expression. When it is false the step is skipped and saves nothing.' }),
  save_as: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,127}$/, 'Expected 1 to 128 letters, digits, dashes or underscores, no digit or dash first')
    .optional()
    .meta({ description: 'Later steps read what this one gave as `steps.<name>`.' }),
  on_error: z
    .union([z.enum(['fail', 'continue']), z.strictObject({ steps, after: z.enum(['continue', 'fail']).optional() })])
    .optional()
    .meta({ description: 'After the last attempt: fail the run (if absent), go on without it, or run these steps in its place.' }),
  retry: z
    .union([z.literal(false), stepRetry])
    .optional()
    .meta({ description: 'Of tools and pipelines.' }),
  max_retries: z.number().int().min(0).max(10).optional().meta({ description: 'Short for `retry`: attempts after the first one.' }),
  timeout_seconds: z.number().positive().max(31_536_000).optional().meta({ description: 'Of tools and pipelines: for one attempt.' }),
  uses: text(256).optional().meta({ description: 'A tool, by name.' }),
  pipeline: name.optional().meta({ description: 'Another pipeline, by name; it runs as a child.' }),
  with: fields.optional().meta({ description: 'Arguments of the tool, params of the pipeline; texts in them may hold `${…}`.' }),
  parallel: z
    .lazy(() => z.array(z.union([pipelineStep, steps])).min(1))
    .optional()
    .meta({ description: 'Branches that run side by side, each a step or a list of steps.' }),
  for_each: z
    .union([template, z.array(json).max(10_000)])
    .optional()
    .meta({ description: 'A list, or a `${…}` that gives one; `do` runs for each of its elements.' }),
  as: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'Expected 1 to 128 letters, digits or underscores, no digit first')
    .optional()
    .meta({ description: 'What `do` calls the element; absent: `item`.' }),
  do: steps.optional(),
  limit: z.number().int().min(1).max(100).optional().meta({ description: 'At once. Absent: all branches; rounds one after another.' }),
  wait: z
    .union([
      template,
      z.strictObject({ for: template }),
      z.strictObject({ until: template }),
      z.strictObject({ signal: text(128), timeout: template.optional() }),
    ])
    .optional()
    .meta({ description: 'A duration (`2h`), a time (ISO 8601 with a zone), a `${…}` that gives either, or a signal.' }),
  human: humanRequest.optional().meta({ description: 'Asks a person.' }),
})

const ALWAYS = ['id', 'description', 'if', 'save_as', 'on_error']
const REPEATABLE = ['retry', 'max_retries', 'timeout_seconds', 'with']

/** The kinds of steps: the member that makes the kind, and the others it has. */
export const STEP_KINDS = {
  uses: REPEATABLE,
  pipeline: REPEATABLE,
  parallel: ['limit', 'timeout_seconds'],
  for_each: ['do', 'as', 'limit', 'timeout_seconds'],
  wait: [],
  human: ['timeout_seconds'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type StepKind = keyof typeof STEP_KINDS

export const pipelineStep: z.ZodType<PipelineStep> = anyStep.superRefine((step, ctx) => {
  const issue = (path: PropertyKey[], message: string) => ctx.addIssue({ code: 'custom', path, message })
  const [kind, other] = (Object.keys(STEP_KINDS) as StepKind[]).filter((key) => step[key] !== undefined)
  if (kind === undefined) return issue([], `A step has one of ${Object.keys(STEP_KINDS).join(', ')}`)
  if (other !== undefined) return issue([other], `A step does one thing: it has ${kind} already`)
  const members: readonly string[] = STEP_KINDS[kind]
  for (const key of Object.keys(step)) {
    if (key !== kind && !ALWAYS.includes(key) && !members.includes(key)) issue([key], `A step with ${kind} has no ${key}`)
  }
  if (kind === 'for_each' && step.do === undefined) issue(['do'], 'Missing: the steps of a round')
  if (step.retry !== undefined && step.max_retries !== undefined) issue(['max_retries'], 'Either retry or max_retries')
}) as unknown as z.ZodType<PipelineStep>

/** A pipeline as it is stored. */
export const pipelineDefinition = z.strictObject({
  params: fields.optional().meta({ description: 'Read as `params.<name>`; a start may give others in their place.' }),
  params_schema: fields.optional().meta({ description: 'JSON Schema of `params`.' }),
  pipeline: z.array(pipelineStep).max(STEPS_MAX).meta({ description: 'Steps, run in this order.' }),
  output: json.optional().meta({ description: 'What the pipeline gives, with `${…}`; absent: everything its steps saved.' }),
})
export type PipelineDefinition = z.infer<typeof pipelineDefinition>
