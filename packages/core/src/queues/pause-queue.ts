import type { AnswerTo, Ctx, InputFor } from '@orrery/kernel'
import { setQueuePaused } from './set-queue-paused.ts'

export function pauseQueue(ctx: Ctx, input: InputFor<'queues.pause'>): Promise<AnswerTo<'queues.pause'>> {
  return setQueuePaused(ctx, input.queue, true)
}
