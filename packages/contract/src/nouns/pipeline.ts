/** Pipelines: workflows written as JSON. docs/guides/pipelines.md explains the members. */
import { z } from 'zod'
import { duration } from '../duration.ts'
import type { Json } from '../json.ts'
import { json, name, priority, text } from '../scalars.ts'

export interface Fields {
  [key: string]: Json
}

interface StepBase {
  /** Unique in the pipeline, including nested steps. */
  id: string
  description?: string
  if?: boolean | string
  save_as?: string
  on_error?: OnError
}

/** What happens after a step has finally failed: the run fails, continues without it, or runs other steps instead. */
export type OnError = 'fail' | 'continue' | ErrorSteps
export interface ErrorSteps {
  steps: PipelineStep[]
  /** `continue` (the default): the result of the last of these steps becomes that of the failed step. `fail`: they only clean up. */
  after?: 'continue' | 'fail'
}

/** A step whose call can fail temporarily. */
interface Repeatable {
  retry?: false | z.infer<typeof stepRetry>
  max_retries?: number
  timeout_seconds?: number
}

export interface ToolStep extends StepBase, Repeatable {
  uses: string
  with?: Fields
}
/** Runs another pipeline as a child, with `with` as its `params`. */
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

/** Arguments, parameters, JSON Schemas: an object with any members. */
const fields = z
  .unknown()
  .refine((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'Expected an object')
  .meta({ type: 'object' }) as unknown as z.ZodType<Fields>

const STEPS_MAX = 200
const template = text(100_000)

const stepRetry = z.strictObject({
  max: z.number().int().min(1).max(100).optional().meta({ description: 'Attempts in total, including the first one.' }),
  initial: duration.optional(),
  factor: z.number().min(1).max(100).optional(),
  increment: duration.optional().meta({ description: 'Added to the delay with each further attempt.' }),
  maximum: duration.optional(),
  jitter: z.enum(['full', 'equal', 'none']).optional(),
  non_retryable: z.array(text(256)).max(100).optional().meta({ description: 'Names of errors that are not retried.' }),
})

/** Names as in the SDK's `task()`. The code that serves human tasks checks forms, SLAs and escalations. */
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
 * One object for all kinds of steps instead of a union: the member that names the kind decides, so that a mistake is reported at its place
 * and nested steps are checked only once.
 */
const anyStep = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'Expected 1 to 128 letters, digits, dots, dashes or underscores')
    .meta({ description: 'Unique in the pipeline, including nested steps.' }),
  description: text(2000).optional(),
  if: z
    .union([z.boolean(), text(8000)])
    .optional()
    .meta({ description: 'An expression. If it is false, the step is skipped and saves nothing.' }),
  save_as: z
    .string()
    .regex(
      /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/,
      'Expected 1 to 128 letters, digits, dashes or underscores, not beginning with a digit or dash',
    )
    .optional()
    .meta({ description: 'Later steps read the result of this one as `steps.<name>`.' }),
  on_error: z
    .union([z.enum(['fail', 'continue']), z.strictObject({ steps, after: z.enum(['continue', 'fail']).optional() })])
    .optional()
    .meta({ description: 'After the last attempt: fail the run (the default), continue without the step, or run these steps instead.' }),
  retry: z
    .union([z.literal(false), stepRetry])
    .optional()
    .meta({ description: 'Retries of a step that calls a tool or a pipeline.' }),
  max_retries: z
    .number()
    .int()
    .min(0)
    .max(10)
    .optional()
    .meta({ description: 'Short form of `retry`: the number of attempts after the first one.' }),
  timeout_seconds: z
    .number()
    .positive()
    .max(31_536_000)
    .optional()
    .meta({ description: 'Time limit. For tools and pipelines: of one attempt.' }),
  uses: text(256).optional().meta({ description: 'The name of a tool.' }),
  pipeline: name.optional().meta({ description: 'The name of another pipeline, which runs as a child.' }),
  with: fields.optional().meta({ description: 'Arguments of the tool or params of the pipeline. Texts in them may contain `${…}`.' }),
  parallel: z
    .lazy(() => z.array(z.union([pipelineStep, steps])).min(1))
    .optional()
    .meta({ description: 'Branches that run in parallel; each is a step or a list of steps.' }),
  for_each: z
    .union([template, z.array(json).max(10_000)])
    .optional()
    .meta({ description: 'A list, or a `${…}` that returns one; `do` runs for each of its elements.' }),
  as: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'Expected 1 to 128 letters, digits or underscores, not beginning with a digit')
    .optional()
    .meta({ description: 'The name of the element in `do`. Default: `item`.' }),
  do: steps.optional(),
  limit: z
    .number()
    .int()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'How many branches or rounds run at once. Default: all branches; one round.' }),
  wait: z
    .union([
      template,
      z.strictObject({ for: template }),
      z.strictObject({ until: template }),
      z.strictObject({ signal: text(128), timeout: template.optional() }),
    ])
    .optional()
    .meta({ description: 'A duration (`2h`), a time (ISO 8601 with a time zone), a `${…}` that returns either, or a signal.' }),
  human: humanRequest.optional().meta({ description: 'A request to a person.' }),
})

const ALWAYS = ['id', 'description', 'if', 'save_as', 'on_error']
const REPEATABLE = ['retry', 'max_retries', 'timeout_seconds', 'with']

/** The kinds of steps: the member that defines each kind, and the further members that it may have. */
export const STEP_KINDS = {
  uses: REPEATABLE,
  pipeline: REPEATABLE,
  parallel: ['limit', 'timeout_seconds'],
  for_each: ['do', 'as', 'limit', 'timeout_seconds'],
  wait: [],
  human: ['timeout_seconds'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type StepKind = keyof typeof STEP_KINDS

const checkedStep = anyStep.superRefine((step, ctx) => {
  const issue = (path: PropertyKey[], message: string) => ctx.addIssue({ code: 'custom', path, message })
  const [kind, other] = (Object.keys(STEP_KINDS) as StepKind[]).filter((key) => step[key] !== undefined)
  if (kind === undefined) return issue([], `A step needs one of ${Object.keys(STEP_KINDS).join(', ')}`)
  if (other !== undefined) return issue([other], `A step does one thing: it has ${kind} already`)
  const members: readonly string[] = STEP_KINDS[kind]
  for (const key of Object.keys(step)) {
    if (key !== kind && !ALWAYS.includes(key) && !members.includes(key)) issue([key], `A step with ${kind} has no ${key}`)
  }
  if (kind === 'for_each' && step.do === undefined) issue(['do'], 'Missing: the steps to run for each element')
  if (step.retry !== undefined && step.max_retries !== undefined) issue(['max_retries'], 'Set either retry or max_retries, not both')
})

export const pipelineStep = checkedStep.meta({
  oneOf: Object.keys(STEP_KINDS).map((kind) => ({ required: kind === 'for_each' ? [kind, 'do'] : [kind] })),
  dependentRequired: { for_each: ['do'] },
}) as unknown as z.ZodType<PipelineStep>

/** A stored pipeline. */
export const pipelineDefinition = z.strictObject({
  params: fields.optional().meta({ description: 'Read as `params.<name>`; a start may override them.' }),
  params_schema: fields.optional().meta({ description: 'JSON Schema of `params`.' }),
  pipeline: z.array(pipelineStep).max(STEPS_MAX).meta({ description: 'The steps, in the order in which they run.' }),
  output: json.optional().meta({ description: 'The result of the pipeline, with `${…}`. Default: everything its steps saved.' }),
})
export type PipelineDefinition = z.infer<typeof pipelineDefinition>
