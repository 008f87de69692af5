import { type AnswerTo, type Ctx, emitEvent, type InputFor, withOrg } from '@orrery/kernel'

export async function setLimit(ctx: Ctx, input: InputFor<'limits.set'>): Promise<AnswerTo<'limits.set'>> {
  const { limit, max } = input
  await withOrg(ctx, (tx) => ctx.engine.setLimit(ctx.org, limit, max, tx.client))
  await emitEvent(ctx, 'limit.changed', limit, { max })
  ctx.note(limit, { max })
  // A higher limit may admit waiting runs.
  ctx.afterCommit(() => ctx.engine.nudge([]))
  return { limit, max }
}
