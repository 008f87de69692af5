import type { Json } from '@orrery/contract'
import type { StartWithCompanions } from '@orrery/engine'
import { type AnswerTo, type Ctx, toRunId } from '@orrery/kernel'
import { toStarted } from './start-request.ts'

/**
 * Starts a run together with its audit entry. If the call has no transaction (it has no idempotency key), both join the engine's next group
 * commit: one commit per several hundred starts instead of one per start.
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
