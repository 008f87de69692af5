import { ProblemError, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, durationMs, type InputFor, isTransient, newId, orProblem, requireGrantableScopes } from '@orrery/kernel'
import { findTool } from '../catalogue/find-tool.ts'
import { deriveKey } from '../port/derive-key.ts'
import { ToolError } from '../port/tool-port.ts'
import { callTool } from './call-tool.ts'

/** The caller waits for the answer to its request, so the limit is short. */
const LIMIT_MS_MAX = 60_000

export async function callToolByHand(ctx: Ctx, input: InputFor<'tools.call'>): Promise<AnswerTo<'tools.call'>> {
  const { tool: name, args, timeout } = input
  const tool = orProblem(await findTool(ctx, name), 'tool.not_found', `There is no tool ${name}.`)
  requireGrantableScopes(ctx, tool.face.scopes)
  const wantedMs = timeout === undefined ? tool.face.timeoutMs : durationMs(timeout, 'timeout')
  const from = performance.now()
  ctx.note(name)
  try {
    const { output, usage = {} } = await callTool(ctx.kernel, ctx.org, {
      tool: name,
      args,
      actor: ctx.actor,
      requestId: ctx.origin.requestId,
      step: 'tools.call',
      attempt: 1,
      idempotencyKey: keyOf(ctx),
      signal: new AbortController().signal,
      timeoutMs: Math.max(1, Math.min(wantedMs, LIMIT_MS_MAX)),
      scopes: new Set(tool.face.scopes),
    })
    const { inputTokens = null, outputTokens = null, cost = null, model = null } = usage
    return { output, tookMs: Math.round(performance.now() - from), usage: { inputTokens, outputTokens, cost, model } }
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    throw isPassing(error) ? error.cause : toProblem(error)
  }
}

/** A call that is repeated with its idempotency key, by a step for example, is the same call for other systems too. */
function keyOf({ actor, clock, org, origin }: Ctx): string {
  const { idempotencyKey } = origin
  return idempotencyKey === null ? newId(clock.now()) : deriveKey(JSON.stringify([org, actor.id, idempotencyKey]), 'tools.call')
}

/** The database failed, or too much was asked of it, on the way to the tool or in an operation that the tool calls. */
function isPassing({ name, cause }: ToolError): boolean {
  return (name === 'ToolFailure' || cause instanceof ProblemError) && isTransient(cause)
}

function toProblem({ name, message, details }: ToolError) {
  if (name === 'InvalidArguments' && typeof details === 'object' && details !== null && 'path' in details) {
    return problem('invalid_input', `${message}.`, {
      errors: [{ path: `args${String(details.path)}`, message: String(Reflect.get(details, 'message')) }],
    })
  }
  return problem('tool.failed', `${name}: ${message}`)
}
