import { type AnswerTo, type Ctx, emitEvent, type InputFor, orProblem, withOrg } from '@orrery/kernel'
import { checkNotBuiltIn } from './check-not-built-in.ts'
import { toTool } from './find-tool.ts'
import { toToolAnswer } from './to-tool-answer.ts'
import { removeTool } from './tool-store.ts'

export async function deleteTool(ctx: Ctx, input: InputFor<'tools.delete'>): Promise<AnswerTo<'tools.delete'>> {
  checkNotBuiltIn(input.tool)
  const found = await withOrg(ctx, (tx) => removeTool(tx, ctx.org, input.tool))
  const row = orProblem(found, 'tool.not_found', `There is no tool ${input.tool}.`)
  const told = { version: row.version, kind: row.kind }
  await emitEvent(ctx, 'tool.deleted', row.name, told)
  ctx.note(row.name, told)
  return toToolAnswer(toTool(row))
}
