import type { AnswerTo, Ctx, InputFor } from '@orrery/kernel'
import { setQueuePaused } from './set-queue-paused.ts'

export function resumeQueue(ctx: Ctx, input: InputFor<'queues.resume'>): Promise<AnswerTo<'queues.resume'>> {
  return setQueuePaused(ctx, input.queue, false)
}
