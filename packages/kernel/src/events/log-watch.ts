import type { Notifier } from '@orrery/engine'
import { createLoop } from '../loop.ts'

/** While a transaction in progress hides what others have committed, the log is looked at again after this, then after twice as long, … */
const HIDDEN_MS = 20
/** … up to this. */
const HIDDEN_MAX_MS = 500

export interface LogWatchOptions {
  /** Without hints the poll alone finds new entries. */
  readonly notifier: Pick<Notifier, 'listen'> | null
  readonly pollMs: number
  /** From the end of a look to the next, so that hints in a burst share one. @param tookMs how long the last look took */
  readonly pauseMs: (tookMs: number) => number
  /** Looks at the end of the log. @returns whether a transaction in progress may hide entries that are committed already */
  look(): Promise<boolean>
  onError(error: unknown): void
}

export interface LogWatch {
  /** Looks soon. */
  wake(): void
  stop(): Promise<void>
}

/** Looks at the end of a log when a hint says that it may have grown, at a poll, and again soon while something hides what was committed. */
export function createLogWatch({ notifier, pollMs, pauseMs, look, onError }: LogWatchOptions): LogWatch {
  let hiddenMs = HIDDEN_MS
  const loop = createLoop({
    pauseMs,
    async round() {
      if (!(await look())) return pollMs
      const waitMs = Math.min(hiddenMs, pollMs)
      hiddenMs = Math.min(hiddenMs * 2, HIDDEN_MAX_MS)
      return waitMs
    },
    onError(error) {
      onError(error)
      return pollMs
    },
  })
  const onHint = () => {
    hiddenMs = HIDDEN_MS
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
