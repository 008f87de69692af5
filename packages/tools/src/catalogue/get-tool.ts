import { type AnswerTo, type Ctx, type InputFor, orProblem } from '@orrery/kernel'
import { findTool } from './find-tool.ts'
import { toToolAnswer } from './to-tool-answer.ts'

export async function getTool(ctx: Ctx, input: InputFor<'tools.get'>): Promise<AnswerTo<'tools.get'>> {
  return toToolAnswer(orProblem(await findTool(ctx, input.tool), 'tool.not_found', `There is no tool ${input.tool}.`))
}
