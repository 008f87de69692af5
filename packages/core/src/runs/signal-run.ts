import type { AnswerTo, Ctx, InputFor } from '@orrery/kernel'
import { controlRun } from './control-run.ts'

export function signalRun(ctx: Ctx, input: InputFor<'runs.signal'>): Promise<AnswerTo<'runs.signal'>> {
  ctx.note(input.runId, { name: input.name })
  return controlRun(ctx, input.runId, (run, client) => ctx.engine.signal(ctx.org, run, input.name, input.payload, {}, client))
}
