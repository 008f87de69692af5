import type { Logger } from './observe/logger.ts'

export interface MaintenanceOptions {
  readonly maintain: (now: Date) => Promise<{ readonly created: readonly string[]; readonly dropped: readonly string[] }>
  readonly now: () => number
  readonly log: Logger
}

const DAY_MS = 86_400_000
/** It gives up rather than stand in the way of writers, so it is tried again soon. */
const RETRY_MS = 60_000

/** Makes the partitions of the coming weeks and drops those past retention: at the start, then daily. Harmless in several processes. */
export function maintainDaily({ maintain, now, log }: MaintenanceOptions): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let working: Promise<void> = Promise.resolve()

  const work = async (): Promise<void> => {
    let nextMs = DAY_MS
    try {
      const { created, dropped } = await maintain(new Date(now()))
      if (dropped.length > 0) log.info({ created, dropped }, 'the history past retention is dropped')
    } catch (error) {
      nextMs = RETRY_MS
      log.warn({ error }, 'the maintenance of the history is put off')
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
