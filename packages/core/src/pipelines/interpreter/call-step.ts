import { type CallStep, isReservedWorkflow, type Json, type JsonObject, type PipelineDefinition, type ToolStep } from '@orrery/contract'
import {
  type ChildCallOptions,
  ChildFailedError,
  type ChildOptions,
  step as declareStep,
  isRetryable,
  nextDelayMs,
  parseRetry,
  type RetryOptions,
} from '@orrery/engine/workflow'
import { type PlacedStep, renderArguments, resolveRetry, type StepScope } from '@orrery/expressions'
import { explainMismatch } from './explain-mismatch.ts'
import type { Frame, Interpretation } from './frame.ts'
import { PipelineRefusal, unwrap } from './pipeline-failure.ts'
import { PIPELINE_WORKFLOW, type PipelineInput, TOOL_STEP, type ToolCall, type ToolStepInput } from './pipeline-input.ts'
import { type StepTrack, shorten } from './pipeline-progress.ts'

/** A step whose condition is true, at its start. */
export interface StartedStep {
  readonly placed: PlacedStep
  readonly frame: Frame
  readonly scope: StepScope
  readonly track: StepTrack
}

/** Only a workflow of the server itself may ask for a grant, so the public options lack it. */
interface AssumedOptions extends ChildCallOptions, Pick<ChildOptions, 'assume'> {}

/** The worker provides its body (pipelines/create-built-in-steps.ts). */
const toolStep = declareStep<ToolStepInput, Json>(TOOL_STEP)

export async function callTool(running: Interpretation, step: ToolStep, { scope, track }: StartedStep): Promise<Json> {
  const { ctx, input } = running
  const args = unwrap(renderArguments(step, scope))
  track.rendered = shorten(args)
  const timeoutMs = timeoutOf(step)
  const call = ownMember(input.calls.tools, step.uses)
  if (call !== undefined) return callChildTool(running, step, call, args)
  const retry = resolveRetry(step) ?? input.retry
  const limit = timeoutMs === null ? {} : { timeoutMs }
  return ctx.run(
    toolStep,
    { tool: step.uses, with: args, step: step.id, ...limit },
    { ...(timeoutMs === null ? {} : { timeout: `${timeoutMs}ms` }), ...(retry === undefined ? {} : { retry }) },
  )
}

export async function callPipeline(running: Interpretation, step: CallStep, { scope, track }: StartedStep): Promise<Json> {
  const args = unwrap(renderArguments(step, scope))
  track.rendered = shorten(args)
  const call = ownMember(running.input.calls.pipelines, step.pipeline)
  if (call === undefined) throw new PipelineRefusal('UnknownPipeline', `there was no pipeline ${step.pipeline} when the run started`)
  const named = { pipeline: step.pipeline, version: call.version }
  return repeat(running, step, () => runPipeline(running, call.definition, args, named, limitOf(timeoutOf(step))))
}

/** Calls a tool of kind pipeline or workflow as a child run. Scopes and schemas are checked here, as callTool is not involved. */
async function callChildTool(running: Interpretation, step: ToolStep, call: ToolCall, args: JsonObject): Promise<Json> {
  const { ctx } = running
  if (call.kind === 'workflow' && isReservedWorkflow(call.workflow))
    throw new PipelineRefusal('ReservedWorkflow', `${step.uses} is the reserved workflow ${call.workflow}, which no tool may start`)
  const missing = call.scopes.filter((scope) => !ctx.info.scopes.includes(scope))
  if (missing.length > 0)
    throw new PipelineRefusal('ScopeMissing', `${step.uses} needs ${missing.join(', ')}, which the run was not granted`)
  requireFit('InvalidArguments', `the arguments of ${step.uses}`, args, call.inputSchema)
  const options = limitOf(timeoutOf(step) ?? call.timeoutMs)
  const output = await repeat(running, step, () => {
    if (call.kind === 'pipeline') {
      // The grant of the tool's author, which the authority of this run has under the name of the tool.
      const granted: AssumedOptions = { ...options, assume: step.uses }
      return runPipeline(running, call.definition, args, { pipeline: null, version: null }, granted)
    }
    const { workflow, version } = call
    return ctx.child<Json>(workflow, args, { ...options, ...(version === undefined ? {} : { version }) })
  })
  if (call.outputSchema !== undefined) requireFit('InvalidOutput', `the output of ${step.uses}`, output, call.outputSchema)
  return output
}

/** @param named the child's `run.pipeline` and `run.version` */
function runPipeline(
  { ctx, input }: Interpretation,
  definition: PipelineDefinition,
  params: JsonObject,
  named: JsonObject,
  options: AssumedOptions,
): Promise<Json> {
  const child: PipelineInput = { ...input, definition, params, run: { ...input.run, ...named } }
  return ctx.child<Json>(PIPELINE_WORKFLOW, child as unknown as Json, options)
}

/** Repeats a call by the step's retry settings. The default is one attempt, since the steps inside the child have retries of their own. */
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

function requireFit(name: string, what: string, value: Json, schema: Json): void {
  const mismatch = explainMismatch(value, schema)
  if (mismatch !== null) throw new PipelineRefusal(name, `${what}${mismatch}`)
}

/** The time limit of one attempt, in ms. */
function timeoutOf({ timeout_seconds: seconds }: ToolStep | CallStep): number | null {
  return seconds === undefined ? null : Math.ceil(seconds * 1000)
}

const limitOf = (timeoutMs: number | null): ChildCallOptions => (timeoutMs === null ? {} : { timeout: `${timeoutMs}ms` })

/** Names come from users, so inherited members such as `constructor` must not be found. */
const ownMember = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
