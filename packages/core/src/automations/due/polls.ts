import { type BackgroundWork, createBackgroundWork, type DueKind, isTransient, type Kernel, NOTHING_DONE } from '@orrery/kernel'
import { waitingConditions } from '../trigger-store.ts'
import { claimPolls, type Poll, pollCondition } from '../triggers/poll-condition.ts'
import { recordTrouble } from '../triggers/record-trouble.ts'

/** Polls in progress per process. Further ones wait, or other processes take them. */
const CONCURRENCY_MAX = 16

/** Polls the tools of conditions. A call may take long, so it runs in the background of the due clock. */
export function createPollKind(kernel: Kernel): { readonly kind: DueKind; readonly background: BackgroundWork } {
  const background = createBackgroundWork(CONCURRENCY_MAX, (error, trigger) =>
    kernel.log.warn({ error, trigger }, 'A condition could not be evaluated; trying again at its next poll'),
  )
  const kind: DueKind = {
    name: 'poll',
    waiting: waitingConditions,
    async run(due) {
      const room = background.room()
      if (room === 0) return NOTHING_DONE
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
    // Says nothing about the trigger. Its next poll is planned already.
    if (isTransient(error)) throw error
    kernel.log.error({ error, trigger: triggerId }, 'A condition could not be evaluated; trying again at its next poll')
    await recordTrouble(kernel.database, org, triggerId, 'It could not be evaluated; see the server’s log.')
  }
}
