import type { OrgId } from '@orrery/engine'
import type { Kernel } from '@orrery/kernel'
import { noteTrouble } from './note-trouble.ts'
import { claimPolls, type Poll, pollCondition } from './poll-condition.ts'

/** Tools asked at a time by one process; the rest waits, or is asked by others. */
const AT_ONCE = 16

/** Asks the tools of conditions beside the scheduler, which says when some are due: a tool may take long, and holds nobody up. */
export class ConditionPoller {
  private readonly host: Kernel
  private readonly stopping = new AbortController()
  /** By trigger: who is slower than its turns come leaves some out, so that it takes one place and its answers keep their order. */
  private readonly asking = new Map<string, Promise<void>>()

  constructor(host: Kernel) {
    this.host = host
  }

  /** Begins what is due in an organization, as far as there is room. Gives how many it took. */
  async pollDue(org: OrgId): Promise<number> {
    const room = AT_ONCE - this.asking.size
    if (room <= 0 || this.stopping.signal.aborted) return 0
    const { count, polls } = await claimPolls(this.host, org, room)
    for (const poll of polls) {
      if (this.asking.has(poll.triggerId)) continue
      const asking = this.poll(poll).finally(() => this.asking.delete(poll.triggerId))
      this.asking.set(poll.triggerId, asking)
    }
    return count
  }

  /** Gives tools up that have not answered; they are asked again at their next turn. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await Promise.all(this.asking.values())
  }

  private async poll(poll: Poll): Promise<void> {
    try {
      await pollCondition(this.host, poll, this.stopping.signal)
    } catch (error) {
      this.host.log.error({ error, trigger: poll.triggerId }, 'A condition could not be evaluated; it is tried again at its next turn')
      await noteTrouble(this.host.database, poll.org, poll.triggerId, 'It could not be evaluated; the server’s log says why.').catch(
        (cause: unknown) => this.host.log.warn({ error: cause }, 'The trouble of a trigger could not be written'),
      )
    }
  }
}
