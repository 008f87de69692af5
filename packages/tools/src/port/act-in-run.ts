import { type OperationName, operations, ProblemError } from '@orrery/contract'
import type { AnswerTo, InputFor } from '@orrery/kernel'
import { deriveKey } from './derive-key.ts'
import { type ToolContext, ToolError } from './tool-port.ts'

/**
 * Calls an operation on behalf of the caller of the tool: a run, or a key or the system outside of a run. The audit entry names that actor.
 * The idempotency key comes from the step, so a repeated attempt has no second effect. The call has the permission of the operation,
 * because the caller has the scopes of the tool.
 * @throws ToolError for a problem of the operation, with the code of the problem as its name
 */
export async function actInRun<N extends OperationName>(context: ToolContext, operation: N, input: InputOf<N>): Promise<AnswerTo<N>> {
  const { ctx, idempotencyKey } = context
  const { permission, effect } = operations[operation]
  const identity = {
    actor: ctx.actor,
    org: ctx.org,
    permissions: new Set(permission === 'public' || permission === 'any' || permission === 'token' ? [] : [permission]),
  }
  const caller = {
    credential: identity,
    requestId: ctx.origin.requestId,
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
