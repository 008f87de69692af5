import type { Logger } from './observe/logger.ts'

export interface MaintenanceOptions {
  readonly maintain: (now: Date) => Promise<{ readonly created: readonly string[]; readonly dropped: readonly string[] }>
  readonly now: () => number
  readonly log: Logger
}

const DAY_MS = 86_400_000
/** Maintenance fails rather than block writers while it waits for a lock, so it is retried soon. */
const RETRY_MS = 60_000

/**
 * Creates the partitions of the coming weeks and drops those past retention, at the start and then daily. Several processes may
 * do this at once.
 */
export function maintainDaily({ maintain, now, log }: MaintenanceOptions): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let working: Promise<void> = Promise.resolve()

  const work = async (): Promise<void> => {
    let nextMs = DAY_MS
    try {
      const { created, dropped } = await maintain(new Date(now()))
      if (dropped.length > 0) log.info({ created, dropped }, 'dropped history past its retention')
    } catch (error) {
      nextMs = RETRY_MS
      log.warn({ error }, `history maintenance failed; retrying in ${RETRY_MS / 1000} s`)
    }
    if (!stopped) plan(nextMs)
  }
  const plan = (delayMs: number): void => {
    timer = setTimeout(() => {
      working = work()
    }, delayMs)
    timer.unref()
  }
  plan(0)
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await working
    },
  }
}
