import { type AnswerTo, type Ctx, emitEvent, type InputFor, orProblem, withOrg } from '@orrery/kernel'
import { toTool } from './find-tool.ts'
import { requireNotBuiltIn } from './require-not-built-in.ts'
import { toToolAnswer } from './to-tool-answer.ts'
import { removeTool } from './tool-store.ts'

export async function deleteTool(ctx: Ctx, input: InputFor<'tools.delete'>): Promise<AnswerTo<'tools.delete'>> {
  requireNotBuiltIn(input.tool)
  const found = await withOrg(ctx, (tx) => removeTool(tx, ctx.org, input.tool))
  const row = orProblem(found, 'tool.not_found', `There is no tool ${input.tool}.`)
  const summary = { version: row.version, kind: row.kind }
  await emitEvent(ctx, 'tool.deleted', row.name, summary)
  ctx.note(row.name, summary)
  return toToolAnswer(toTool(row))
}
