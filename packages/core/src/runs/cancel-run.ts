import type { AnswerTo, Ctx, InputFor } from '@orrery/kernel'
import { controlRun } from './control-run.ts'

export function cancelRun(ctx: Ctx, input: InputFor<'runs.cancel'>): Promise<AnswerTo<'runs.cancel'>> {
  const { reason, terminate } = input
  ctx.note(input.runId, { reason, terminate })
  return controlRun(ctx, input.runId, (run, client) => ctx.engine.cancel(ctx.org, run, reason, { terminate }, client))
}
