import { type OperationName, operations, ProblemError } from '@orrery/contract'
import type { AnswerTo, InputFor } from '@orrery/kernel'
import { deriveKey } from './derive-key.ts'
import { type ToolContext, ToolError } from './tool-port.ts'

/**
 * Calls an operation for a tool, in the name of the run that called the tool: audited under the run, in its trace, with an idempotency key of the
 * step, so that a repeated attempt has no second effect. The tool's own scopes, which the run was granted, stand for the operation's permission.
 * @throws ToolError: problems of the operation, under their codes
 */
export async function actInRun<N extends OperationName>(context: ToolContext, operation: N, input: InputOf<N>): Promise<AnswerTo<N>> {
  const { ctx, runId, idempotencyKey } = context
  const { permission, effect } = operations[operation]
  const identity = {
    actor: ctx.actor,
    org: ctx.org,
    permissions: new Set(permission === 'public' || permission === 'any' || permission === 'token' ? [] : [permission]),
  }
  const caller = {
    credential: identity,
    requestId: runId,
    traceId: null,
    idempotencyKey: effect === 'read' ? null : `step-${deriveKey(idempotencyKey, operation)}`,
    face: 'tool',
  }
  try {
    return (await ctx.kernel.call(operation, caller, input)).output as AnswerTo<N>
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ToolError(error.code, error.detail, { isRetryable: isPassing(error), cause: error })
  }
}

/** As it may be written: what has a default can be left out. */
type InputOf<N extends OperationName> = Partial<InputFor<N>>

const isPassing = ({ status, code }: ProblemError): boolean =>
  status >= 500 || code === 'rate_limited' || code === 'idempotency.in_progress'
