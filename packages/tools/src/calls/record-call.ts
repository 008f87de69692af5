import { decodeId } from '@orrery/contract'
import type { Ctx } from '@orrery/kernel'
import type { Tool } from '../catalogue/find-tool.ts'
import type { CallFailure } from '../port/explain-failure.ts'
import type { ToolUsage } from '../port/tool-port.ts'
import { recorderOf } from './call-recorder.ts'
import type { ToolCall } from './tool-call.ts'
import type { ToolCallRow } from './tool-call-store.ts'

export interface CallTrace {
  /** A UUID v7. */
  readonly callId: string
  readonly tool: Tool
  readonly call: ToolCall
  /** ms since the epoch, on the database's clock. */
  readonly startedAt: number
  /** The same moment on the monotonic clock of this process. */
  readonly from: number
}

type Ending = { readonly outcome: 'succeeded'; readonly usage: ToolUsage } | CallFailure

const MESSAGE_LETTERS_MAX = 2_000
const MODEL_LETTERS_MAX = 256

/**
 * Writes the trace of a call. A failed write is only logged: the call has had its effect, and an error here would make the caller repeat
 * it.
 */
export async function recordCall(ctx: Ctx, trace: CallTrace, ending: Ending): Promise<void> {
  const row = toRow(ctx.org, trace, ending)
  try {
    await recorderOf(ctx.kernel.database).add(row)
  } catch (error) {
    ctx.log.warn({ error, tool: trace.tool.name }, 'The trace of a call could not be written')
  }
}

function toRow(org: string, { callId, tool, call, startedAt, from }: CallTrace, ending: Ending): ToolCallRow {
  const usage = usageOf(ending)
  return {
    org_id: org,
    call_id: callId,
    tool: tool.name,
    tool_version: tool.made.by === 'org' ? tool.made.version : null,
    kind: tool.kind,
    run_id: call.actor.type === 'run' ? decodeId('run', call.actor.id) : null,
    step: call.step,
    attempt: call.attempt,
    outcome: ending.outcome,
    error: errorOf(ending),
    started_at: new Date(startedAt),
    took_ms: Math.round(performance.now() - from),
    input_tokens: countOf(usage.inputTokens),
    output_tokens: countOf(usage.outputTokens),
    cost: usage.cost ?? null,
    model: usage.model === undefined ? null : toStorable(usage.model, MODEL_LETTERS_MAX),
  }
}

/** A failed call may still have used tokens, for instance when the answer is invalid. Record its usage too. */
function usageOf(ending: Ending): ToolUsage {
  switch (ending.outcome) {
    case 'succeeded':
      return ending.usage
    case 'failed':
      return ending.thrown.usage ?? {}
    case 'stopped':
      return {}
  }
}

function errorOf(ending: Ending): ToolCallRow['error'] {
  switch (ending.outcome) {
    case 'succeeded':
      return null
    case 'stopped':
      return { name: ending.reason, message: 'The call was stopped by the run', isRetryable: true }
    case 'failed': {
      const { name, message, isRetryable } = ending.thrown
      return { name, message: toStorable(message, MESSAGE_LETTERS_MAX), isRetryable }
    }
  }
}

/** Cuts the text and removes what PostgreSQL cannot store: NUL, and the half of a surrogate pair that the cut may leave. */
function toStorable(text: string, lettersMax: number): string {
  return text.slice(0, lettersMax).replaceAll('\0', '').toWellFormed()
}

function countOf(tokens: number | undefined): string | null {
  return tokens === undefined || !Number.isSafeInteger(tokens) ? null : String(tokens)
}
