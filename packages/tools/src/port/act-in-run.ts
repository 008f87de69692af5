import { isScope, type OperationName, operations, ProblemError } from '@orrery/contract'
import type { AnswerTo, InputFor } from '@orrery/kernel'
import { deriveKey } from './derive-key.ts'
import { type BuiltInContext, ToolError } from './tool-port.ts'

/**
 * Calls an operation on behalf of the caller of the tool: a run, or a key or the system outside of a run. The audit entry names that actor.
 * The idempotency key comes from the step, so a repeated attempt has no second effect. The call has the permission of the operation,
 * because the caller has the scopes of the tool, and the permission is one of them.
 * @param scope the scope of the tool that stands for the permission, if it is another one. Default: the permission itself.
 * @throws ToolError for a problem of the operation, with the code of the problem as its name; Error for a tool without the scope
 */
export async function actInRun<N extends OperationName>(
  context: BuiltInContext,
  operation: N,
  input: InputOf<N>,
  scope: string = operations[operation].permission,
): Promise<AnswerTo<N>> {
  const { ctx, idempotencyKey, tool } = context
  const { permission, effect } = operations[operation]
  if (isScope(permission) && !tool.scopes.includes(scope)) {
    throw new Error(`The tool ${tool.name} calls ${operation} (permission ${permission}) without the scope ${scope}`)
  }
  const identity = { actor: ctx.actor, org: ctx.org, permissions: new Set(isScope(permission) ? [permission] : []) }
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
