import { type Ctx, emitEvent, withOrg } from '@orrery/kernel'

export async function setQueuePaused(ctx: Ctx, queue: string, paused: boolean): Promise<{ queue: string; paused: boolean }> {
  await withOrg(ctx, (tx) => ctx.engine.setQueuePaused(ctx.org, queue, paused, tx.client))
  await emitEvent(ctx, paused ? 'queue.paused' : 'queue.resumed', queue)
  ctx.note(queue)
  // Makes workers look for runs that they may take again.
  if (!paused) ctx.afterCommit(() => ctx.engine.nudge([]))
  return { queue, paused }
}
