import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { toUuid } from '../public-ids.ts'

export async function queryRun(ctx: Ctx, input: InputFor<'runs.query'>): Promise<AnswerTo<'runs.query'>> {
  const answer = await ctx.engine.query(ctx.org, toUuid('run', input.runId), input.name, input.args)
  if (answer === null) throw problem('run.not_found', `There is no run ${input.runId}.`)
  if (!answer.ok) throw problem('run.query_failed', `${answer.error.name}: ${answer.error.message}`)
  return { runId: input.runId, value: answer.value }
}
