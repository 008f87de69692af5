import type { Notifier } from '@orrery/engine'
import type { Log } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import { findBehind } from './consumer-store.ts'
import { createLogWatch } from './log-watch.ts'

/** From the beginning of a look to the next. */
const PAUSE_MS = 25

export interface EventTailOptions {
  readonly database: Database
  /** Without hints the poll alone finds new events. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  readonly log: Log
  /** Absent: 10 s, or 1 s without hints. */
  readonly pollMs?: number
}

export interface EventTail {
  /** `wake` is called when the consumer of this name has something to read, now too. Returns how to end it. */
  watch(name: string, wake: () => void): () => void
  stop(): Promise<void>
}

/** The end of the event log, watched for all consumers of a process with one query: those that are behind are woken. */
export function createEventTail({ database, notifier, log, pollMs }: EventTailOptions): EventTail {
  const watchers = new Map<string, () => void>()
  const watch = createLogWatch({
    notifier,
    pollMs: pollMs ?? (notifier === null ? 1000 : 10_000),
    pauseMs: (tookMs) => PAUSE_MS - tookMs,
    async look() {
      if (watchers.size === 0) return false
      const { behind, isHiding } = await findBehind(database, [...watchers.keys()])
      for (const name of behind) watchers.get(name)?.()
      return isHiding
    },
    onError: (error) => log.warn({ error }, 'The end of the event log could not be read'),
  })
  return {
    watch(name, wake) {
      watchers.set(name, wake)
      watch.wake()
      return () => void watchers.delete(name)
    },
    stop: () => watch.stop(),
  }
}
