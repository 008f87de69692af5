import { type OperationName, operations, ProblemError } from '@orrery/contract'
import type { AnswerTo, InputFor } from '@orrery/kernel'
import { deriveKey } from './derive-key.ts'
import { type ToolContext, ToolError } from './tool-port.ts'

/**
 * Calls an operation on behalf of the run that called the tool. The audit entry and the trace name the run, and the idempotency key comes
 * from the step, so a repeated attempt has no second effect. The call has the permission of the operation, because the run was granted the
 * scopes of the tool.
 * @throws ToolError for a problem of the operation, with the code of the problem as its name
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
    idempotencyKey: effect === 'read' ? null : deriveKey(idempotencyKey, operation),
    face: 'tool',
  }
  try {
    return (await ctx.kernel.call(operation, caller, input)).output as AnswerTo<N>
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ToolError(error.code, error.detail, { isRetryable: isTransient(error), cause: error })
  }
}

/** The input before defaults are filled in: fields with a default are optional. */
type InputOf<N extends OperationName> = Partial<InputFor<N>>

const isTransient = ({ status, code }: ProblemError): boolean =>
  status >= 500 || code === 'rate_limited' || code === 'idempotency.in_progress'
