import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, decodeCursor, type InputFor, orNull, toPage, toRunId, toUuid, UUID_FORM, withOrg } from '@orrery/kernel'
import { selectToolCalls, type ToolCallRow } from './tool-call-store.ts'

type Answer = AnswerTo<'tools.calls'>

export async function listToolCalls(ctx: Ctx, input: InputFor<'tools.calls'>): Promise<Answer> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const run = input.runId === undefined ? undefined : toUuid('run', input.runId)
  const filter = { tool: input.tool, run, before, limit: input.limit + 1 }
  const rows = await withOrg(ctx, (tx) => selectToolCalls(tx, ctx.org, filter))
  return toPage(rows, input.limit, toToolCall, (row) => [row.call_id])
}

function toToolCall(row: ToolCallRow): Answer['items'][number] {
  return {
    id: encodeId('tcl', row.call_id),
    tool: row.tool,
    version: row.tool_version,
    kind: row.kind,
    runId: orNull(row.run_id, toRunId),
    step: row.step,
    attempt: row.attempt,
    outcome: row.outcome,
    // The recorder wrote it in this shape.
    error: row.error as Answer['items'][number]['error'],
    startedAt: row.started_at.toISOString(),
    tookMs: row.took_ms,
    usage: {
      inputTokens: orNull(row.input_tokens, Number),
      outputTokens: orNull(row.output_tokens, Number),
      cost: row.cost,
      model: row.model,
    },
  }
}
