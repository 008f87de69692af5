import type { AnswerTo, Ctx, InputFor } from '@orrery/kernel'
import { controlRun } from './control-run.ts'

export function pauseRun(ctx: Ctx, input: InputFor<'runs.pause'>): Promise<AnswerTo<'runs.pause'>> {
  return controlRun(ctx, input.runId, (run, client) => ctx.engine.pause(ctx.org, run, client))
}
