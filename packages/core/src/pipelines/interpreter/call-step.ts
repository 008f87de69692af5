import type { CallStep, Json, JsonObject, PipelineDefinition, ToolStep } from '@orrery/contract'
import {
  type ChildCallOptions,
  ChildFailedError,
  step as declareStep,
  isRetryable,
  nextDelayMs,
  parseRetry,
  type RetryOptions,
} from '@orrery/engine/workflow'
import { type PlacedStep, renderArguments, resolveRetry, type Scope } from '@orrery/expressions'
import { explainMismatch } from './explain-mismatch.ts'
import type { Frame, Interpretation } from './frame.ts'
import { PipelineRefusal, unwrap } from './pipeline-failure.ts'
import { PIPELINE_WORKFLOW, type PipelineInput, TOOL_STEP, type ToolCall, type ToolStepInput } from './pipeline-input.ts'
import { type StepTrack, shorten } from './pipeline-progress.ts'

/** A step whose condition holds. */
export interface StartedStep {
  readonly placed: PlacedStep
  readonly frame: Frame
  readonly scope: Scope
  readonly track: StepTrack
}

/** Its body is the worker's (pipelines/tool-step.ts). */
const toolStep = declareStep<ToolStepInput, Json>(TOOL_STEP)

export async function callTool(running: Interpretation, step: ToolStep, { scope, track }: StartedStep): Promise<Json> {
  const { ctx, input } = running
  const args = unwrap(renderArguments(step, scope))
  track.rendered = shorten(args)
  const timeoutMs = timeoutOf(step)
  const call = own(input.calls.tools, step.uses)
  if (call !== undefined) return callChildTool(running, step, call, args)
  const retry = resolveRetry(step) ?? input.retry
  const limit = timeoutMs === null ? {} : { timeoutMs }
  return ctx.run(
    toolStep,
    { tool: step.uses, with: args, step: step.id, scopes: input.scopes, ...limit },
    { ...(timeoutMs === null ? {} : { timeout: `${timeoutMs}ms` }), ...(retry === undefined ? {} : { retry }) },
  )
}

export async function callPipeline(running: Interpretation, step: CallStep, { scope, track }: StartedStep): Promise<Json> {
  const args = unwrap(renderArguments(step, scope))
  track.rendered = shorten(args)
  const call = own(running.input.calls.pipelines, step.pipeline)
  if (call === undefined) throw new PipelineRefusal('UnknownPipeline', `there was no pipeline ${step.pipeline} when the run started`)
  const named = { pipeline: step.pipeline, version: call.version }
  return repeat(running, step, () => runPipeline(running, call.definition, args, named, limitOf(timeoutOf(step))))
}

/** A tool that is a run of its own: nobody else compares its scopes and its schemas. */
async function callChildTool(running: Interpretation, step: ToolStep, call: ToolCall, args: JsonObject): Promise<Json> {
  const { ctx, input } = running
  const missing = call.scopes.filter((scope) => !input.scopes.includes(scope))
  if (missing.length > 0)
    throw new PipelineRefusal('ScopeMissing', `${step.uses} needs ${missing.join(', ')}, which the run was not granted`)
  refuse('InvalidArguments', `the arguments of ${step.uses}`, args, call.inputSchema)
  const options = limitOf(timeoutOf(step) ?? call.timeoutMs)
  const output = await repeat(running, step, () => {
    if (call.kind === 'pipeline') {
      return runPipeline(grant(running, call.grants), call.definition, args, { pipeline: null, version: null }, options)
    }
    const { workflow, version } = call
    return ctx.child<Json>(workflow, args, { ...options, ...(version === undefined ? {} : { version }) })
  })
  if (call.outputSchema !== undefined) refuse('InvalidOutput', `the output of ${step.uses}`, output, call.outputSchema)
  return output
}

/** Whoever made the tool had these scopes and gave them to what is inside it, and to nothing around it. */
function grant(running: Interpretation, scopes: readonly string[] = []): Interpretation {
  const { input } = running
  return { ...running, input: { ...input, scopes: [...new Set([...input.scopes, ...scopes])] } }
}

/** @param named what the child reads of itself as `run.pipeline` and `run.version` */
function runPipeline(
  { ctx, input }: Interpretation,
  definition: PipelineDefinition,
  params: JsonObject,
  named: JsonObject,
  options: ChildCallOptions,
): Promise<Json> {
  const child: PipelineInput = { ...input, definition, params, run: { ...input.run, ...named } }
  return ctx.child<Json>(PIPELINE_WORKFLOW, child as unknown as Json, options)
}

/** As often as the step says; if it says nothing once, for the steps inside were repeated already. */
async function repeat({ ctx }: Interpretation, step: ToolStep | CallStep, call: () => Promise<Json>): Promise<Json> {
  const policy = parseRetry((resolveRetry(step) ?? false) satisfies RetryOptions | false)
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ChildFailedError) || !isRetryable(policy, error.failure)) throw error
      const delayMs = nextDelayMs(policy, attempt, ctx.random())
      if (delayMs === null) throw error
      await ctx.sleep(`${delayMs}ms`)
    }
  }
}

function refuse(name: string, what: string, value: Json, schema: Json): void {
  const mismatch = explainMismatch(value, schema)
  if (mismatch !== null) throw new PipelineRefusal(name, `${what}${mismatch}`)
}

/** For one attempt, in ms. */
function timeoutOf({ timeout_seconds: seconds }: ToolStep | CallStep): number | null {
  return seconds === undefined ? null : Math.ceil(seconds * 1000)
}

const limitOf = (timeoutMs: number | null): ChildCallOptions => (timeoutMs === null ? {} : { timeout: `${timeoutMs}ms` })

/** Names come from outside; one such as `constructor` finds nothing. */
const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
