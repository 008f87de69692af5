import { type AnswerTo, type Ctx, type InputFor, toUuid } from '@orrery/kernel'
import { controlRun } from './control-run.ts'

export async function signalRun(ctx: Ctx, input: InputFor<'runs.signal'>): Promise<AnswerTo<'runs.signal'>> {
  const { runId, name, payload } = input
  ctx.note(runId, { name })
  // Read before, because the signal wakes the run.
  const { state, waits } = await ctx.engine.why(ctx.org, toUuid('run', runId))
  const answer = await controlRun(ctx, runId, (run, client) => ctx.engine.signal(ctx.org, run, name, payload, {}, client))
  const isAwaited = state === 'waiting' ? waits.some((wait) => wait.type === 'signal' && wait.name === name) : null
  return { ...answer, isAwaited }
}
