import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { setQueuePaused } from './set-queue-paused.ts'

export function resumeQueue(ctx: Ctx, input: InputFor<'queues.resume'>): Promise<AnswerTo<'queues.resume'>> {
  return setQueuePaused(ctx, input.queue, false)
}
