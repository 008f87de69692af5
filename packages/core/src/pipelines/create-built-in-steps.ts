import type { Json } from '@orrery/contract'
import type { StepSource } from '@orrery/engine'
import { DEFAULT_RETRY, NonRetryableError, type StepContext, TimeoutError } from '@orrery/engine/workflow'
import { type Kernel, toUuid } from '@orrery/kernel'
import { callTool, ToolError } from '@orrery/tools'
import { PIPELINE_WORKFLOW, TOOL_STEP, type ToolStepInput } from './interpreter/pipeline-input.ts'

/** Steps that every worker has in addition to those of its project. */
export function createBuiltInSteps(kernel: Kernel): StepSource {
  const toolStep = {
    name: TOOL_STEP,
    retry: DEFAULT_RETRY,
    // callTool applies the limit of the tool or of the pipeline step.
    timeoutMs: null,
    heartbeatTimeoutMs: null,
    transactional: false,
    body: (input: ToolStepInput, context: StepContext) => callFromStep(kernel, input, context),
  }
  return { find: (name) => (name === TOOL_STEP ? toolStep : undefined), names: () => [TOOL_STEP] }
}

async function callFromStep(kernel: Kernel, input: ToolStepInput, context: StepContext): Promise<Json> {
  const { attempt, idempotencyKey, log, runId, scopes, signal, workflow } = context
  // A project's workflow could name this step too; pipelines alone call tools.
  if (workflow !== PIPELINE_WORKFLOW) throw new NonRetryableError(`${TOOL_STEP} is a step of pipelines only`)
  try {
    const { output } = await callTool(kernel, toUuid('org', context.orgId), {
      tool: input.tool,
      args: input.with,
      step: input.step,
      // Those of the run, never of its input, which can only name fewer.
      scopes: new Set(scopes.filter((scope) => input.scopes?.includes(scope) ?? true)),
      actor: { type: 'run', id: runId, name: input.tool },
      requestId: runId,
      attempt,
      idempotencyKey,
      signal,
      log: (level, message, data) => log[level](message, data),
      ...(input.timeoutMs === undefined ? {} : { timeoutMs: input.timeoutMs }),
    })
    return output
  } catch (error) {
    throw error instanceof ToolError ? toStepError(error) : error
  }
}

/** An error with the name from the tool, for `non_retryable`, and of the engine's class that says whether to retry. */
function toStepError({ name, message, isRetryable, details }: ToolError): Error {
  const options = details === undefined ? {} : { details }
  if (!isRetryable) return named(name, new NonRetryableError(message, options))
  if (name === 'TimeoutError') return new TimeoutError(message, options)
  return named(name, Object.assign(new Error(message), options))
}

function named(name: string, error: Error): Error {
  // Stack frames of the server say nothing to users, and would be in the journal of every failed attempt.
  return Object.defineProperties(error, { name: { value: name }, stack: { value: undefined } })
}
