import { problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, toUuid } from '@orrery/kernel'

export async function queryRun(ctx: Ctx, input: InputFor<'runs.query'>): Promise<AnswerTo<'runs.query'>> {
  const answer = await ctx.engine.query(ctx.org, toUuid('run', input.runId), input.name, input.args)
  if (answer === null) throw problem('run.not_found', `There is no run ${input.runId}.`)
  if (!answer.ok) throw problem('run.query_failed', `${answer.error.name}: ${answer.error.message}`)
  return { runId: input.runId, value: answer.value }
}
