import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { setQueuePaused } from './set-queue-paused.ts'

export function pauseQueue(ctx: Ctx, input: InputFor<'queues.pause'>): Promise<AnswerTo<'queues.pause'>> {
  return setQueuePaused(ctx, input.queue, true)
}
