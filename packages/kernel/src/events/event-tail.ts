import type { Notifier } from '@orrery/engine'
import type { Log } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import { findConsumersBehind } from './consumer-store.ts'
import { createLogWatch } from './log-watch.ts'

/** The shortest time from the start of a query to the next one. */
const PAUSE_MS = 25

export interface EventTailOptions {
  readonly database: Database
  /** Source of hints. Null: only the poll finds new events. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  readonly log: Log
  /** Absent: 10 s, or 1 s without hints. */
  readonly pollMs?: number
}

export interface EventTail {
  /** Calls `wake` when the consumer of this name has something to read, now or later. Returns a function that ends this. */
  watch(name: string, wake: () => void): () => void
  stop(): Promise<void>
}

/** Watches the end of the event log for all consumers of a process with one query, and wakes the consumers that have something to read. */
export function createEventTail({ database, notifier, log, pollMs }: EventTailOptions): EventTail {
  const watchers = new Map<string, () => void>()
  const watch = createLogWatch({
    notifier,
    pollMs: pollMs ?? (notifier === null ? 1000 : 10_000),
    pauseMs: (tookMs) => PAUSE_MS - tookMs,
    async readEnd() {
      if (watchers.size === 0) return false
      const { behind, isHiding } = await findConsumersBehind(database, [...watchers.keys()])
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
