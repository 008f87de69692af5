import type { Notifier } from '@orrery/engine'
import { createLoop } from '../loop.ts'

/** While a transaction in progress hides committed entries, the log is read again after this time, then after twice as long, … */
const HIDDEN_RETRY_MS = 20
/** … up to this. */
const HIDDEN_RETRY_MS_MAX = 500

export interface LogWatchOptions {
  /** Source of hints. Null: only the poll finds new entries. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  readonly pollMs: number
  /**
   * The shortest time from the end of a read to the next one, so that a burst of hints shares one read.
   * @param tookMs how long the last read took
   */
  readonly pauseMs: (tookMs: number) => number
  /** Reads the end of the log. @returns whether a transaction in progress may hide entries that have been committed */
  readEnd(): Promise<boolean>
  onError(error: unknown): void
}

export interface LogWatch {
  /** Starts a read soon. */
  wake(): void
  stop(): Promise<void>
}

/** Reads the end of a log after each hint, at each poll, and soon again while a transaction in progress hides committed entries. */
export function createLogWatch({ notifier, pollMs, pauseMs, readEnd, onError }: LogWatchOptions): LogWatch {
  let hiddenMs = HIDDEN_RETRY_MS
  const loop = createLoop({
    pauseMs,
    async round() {
      if (!(await readEnd())) return pollMs
      const waitMs = Math.min(hiddenMs, pollMs)
      hiddenMs = Math.min(hiddenMs * 2, HIDDEN_RETRY_MS_MAX)
      return waitMs
    },
    onError(error) {
      onError(error)
      return pollMs
    },
  })
  const onHint = () => {
    hiddenMs = HIDDEN_RETRY_MS
    loop.wake()
  }
  const unlisten = notifier?.listen((hint) => hint.type === 'events' && onHint()) ?? (() => {})
  loop.wake(pollMs)
  return {
    wake: () => loop.wake(),
    stop() {
      unlisten()
      return loop.stop()
    },
  }
}
