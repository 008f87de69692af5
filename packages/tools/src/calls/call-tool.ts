import { encodeId, type JsonObject } from '@orrery/contract'
import { type Ctx, checkSchemas, describeMismatch, findMismatch, type Kernel, makeActorContext, newId } from '@orrery/kernel'
import { findTool, type Tool } from '../catalogue/find-tool.ts'
import { recordOffer } from '../catalogue/record-offer.ts'
import { openConnection } from '../connections/open-connection.ts'
import { kindOf } from '../kinds/kinds.ts'
import type { ToolOffer } from '../mcp/to-offer.ts'
import { explainFailure } from '../port/explain-failure.ts'
import { CALL_MS_MAX, type ToolContext, ToolError, type ToolResult, type ToolUsage } from '../port/tool-port.ts'
import { withinLimit } from '../port/within-limit.ts'
import { recordCall } from './record-call.ts'
import type { ToolCall } from './tool-call.ts'

/**
 * Calls a tool of an organization: checks scopes and arguments, runs the call within its time limit, checks the output, and records a
 * trace. Tools of kind `workflow` or `pipeline` are not handled here: the interpreter starts them as child runs.
 * @param org a UUID.
 * @throws ToolError whose `isRetryable` says whether another attempt may succeed; or the reason of `call.signal`, unchanged, if that was
 * aborted.
 */
export async function callTool(kernel: Kernel, org: string, call: ToolCall): Promise<ToolResult> {
  const ctx = makeActorContext(kernel, org, call)
  const tool = await findTool(ctx, call.tool)
  if (tool === null) throw new ToolError('UnknownTool', `There is no tool ${call.tool}`, { isRetryable: false })
  const trace = { callId: newId(ctx.clock.now()), tool, call, startedAt: ctx.clock.now(), from: performance.now() }
  try {
    const result = await attempt(ctx, tool, call, trace.callId)
    await recordCall(ctx, trace, { outcome: 'succeeded', usage: result.usage ?? {} })
    return result
  } catch (error) {
    const failure = explainFailure(error, call.signal)
    await recordCall(ctx, trace, failure)
    const { thrown } = failure
    if (thrown instanceof Error && thrown.name === 'ToolFailure') ctx.log.error({ error: thrown.cause, tool: tool.name }, 'A tool failed')
    throw thrown
  }
}

async function attempt(ctx: Ctx, tool: Tool, call: ToolCall, callId: string): Promise<ToolResult> {
  const { face } = tool
  const missing = face.scopes.filter((scope) => !call.scopes.has(scope))
  if (missing.length > 0) {
    const message = `${face.name} needs ${missing.length > 1 ? 'the scopes' : 'the scope'} ${missing.join(', ')}, which the run was not granted`
    throw new ToolError('ScopeMissing', message, { isRetryable: false, details: { missing } })
  }
  await requireMatch(ctx, 'InvalidArguments', `The arguments of ${face.name}`, tool, face.inputSchema, call.args)
  const limitMs = Math.min(call.timeoutMs ?? face.timeoutMs, CALL_MS_MAX)
  const result = await withinLimit(call.signal, limitMs, face.name, (signal) => {
    const context: ToolContext = {
      ctx,
      runId: call.actor.type === 'run' ? call.actor.id : encodeId('tcl', callId),
      step: call.step,
      attempt: call.attempt,
      idempotencyKey: call.idempotencyKey,
      signal,
      outside: { ...ctx.kernel.outside, totalMs: limitMs },
      scopes: call.scopes,
      openConnection: (nameOrId) => openConnection(ctx, nameOrId),
      log: call.log ?? (() => undefined),
    }
    return perform(tool, call.args, context)
  })
  if (face.outputSchema !== undefined)
    await requireMatch(ctx, 'InvalidOutput', `The output of ${face.name}`, tool, face.outputSchema, result.output, result.usage)
  return result
}

/** The caller has checked the arguments. @throws ToolError, OutsideError, ProblemError of connections */
function perform({ name, made }: Tool, args: JsonObject, context: ToolContext): Promise<ToolResult> {
  if (made.by === 'orrery') return made.builtIn.call(args, context)
  const { implementation, pin, status } = made
  const called = { name, implementation, pin, status, recordOffer: (offer: ToolOffer | null) => recordOffer(context.ctx, name, offer) }
  return kindOf(implementation).call(called, args, context)
}

async function requireMatch(
  ctx: Ctx,
  name: string,
  what: string,
  { made }: Tool,
  schema: JsonObject,
  value: ToolResult['output'],
  usage?: ToolUsage,
): Promise<void> {
  const mismatch = made.by === 'orrery' ? findMismatch(schema, value) : await checkSchemas(ctx).findMismatch(schema, value)
  if (mismatch === null) return
  throw new ToolError(name, describeMismatch(what, mismatch), { isRetryable: false, details: { ...mismatch }, usage })
}
