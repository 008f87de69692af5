import type { Json } from '@orrery/contract'
import type { StartWithCompanions } from '@orrery/engine'
import { type AnswerTo, type Ctx, toRunId } from '@orrery/kernel'
import { toStarted } from './start-request.ts'

/**
 * Without a transaction of the call (no idempotency key) the start shares the engine's next group commit, and its audit entry commits in the same
 * one. That is the difference between one commit per start and one per several hundred.
 */
export async function startAudited(
  ctx: Ctx,
  detail: Json,
  toRequest: (companions: NonNullable<StartWithCompanions['companions']>) => StartWithCompanions,
): Promise<AnswerTo<'runs.start'>> {
  const request = toRequest((run) => (ctx.tx === null ? [ctx.auditCompanion(toRunId(run), detail)] : []))
  const outcome = await ctx.engine.start(request, ctx.tx?.client)
  const started = toStarted(outcome)
  if (ctx.tx !== null) {
    ctx.note(started.runId, detail)
    if ('run' in outcome) ctx.afterCommit(() => ctx.engine.nudge([outcome.run]))
  }
  return started
}
