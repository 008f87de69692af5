import { type BackgroundWork, createBackgroundWork, type DueKind, type Kernel } from '@orrery/kernel'
import { waitingConditions } from '../trigger-store.ts'
import { claimPolls, type Poll, pollCondition } from '../triggers/poll-condition.ts'
import { recordTrouble } from '../triggers/record-trouble.ts'

/** Tools asked at a time by one process; the rest waits, or other processes ask them. */
const CONCURRENCY_MAX = 16

/** The tools of conditions are asked: a tool may take long, so it runs beside the clock. */
export function createPollKind(kernel: Kernel): { readonly kind: DueKind; readonly background: BackgroundWork } {
  const background = createBackgroundWork(CONCURRENCY_MAX, (error, trigger) =>
    kernel.log.warn({ error, trigger }, 'The trouble of a trigger could not be written'),
  )
  const kind: DueKind = {
    name: 'poll',
    waiting: waitingConditions,
    async run(due) {
      const room = background.room()
      if (room === 0) return { count: 0, latenessMs: [] }
      const { count, polls, latenessMs } = await claimPolls(kernel, due, room)
      for (const poll of polls) background.begin(poll.triggerId, (signal) => performPoll(kernel, poll, signal))
      return { count, latenessMs }
    },
  }
  return { kind, background }
}

async function performPoll(kernel: Kernel, poll: Poll, signal: AbortSignal): Promise<void> {
  const { org, triggerId } = poll
  try {
    await pollCondition(kernel, poll, signal)
  } catch (error) {
    kernel.log.error({ error, trigger: triggerId }, 'A condition could not be evaluated; it is tried again at its next turn')
    await recordTrouble(kernel.database, org, triggerId, 'It could not be evaluated; the server’s log says why.')
  }
}
