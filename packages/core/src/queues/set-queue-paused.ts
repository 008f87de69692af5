import type { Ctx } from '../context.ts'
import { emitEvent } from '../events/emit-event.ts'
import { withOrg } from '../with-org.ts'

export async function setQueuePaused(ctx: Ctx, queue: string, paused: boolean): Promise<{ queue: string; paused: boolean }> {
  await withOrg(ctx, (tx) => ctx.engine.setQueuePaused(ctx.org, queue, paused, tx.client))
  await emitEvent(ctx, paused ? 'queue.paused' : 'queue.resumed', queue)
  ctx.note(queue)
  // Workers look for runs they may take again.
  if (!paused) ctx.afterCommit(() => ctx.engine.nudge([]))
  return { queue, paused }
}
