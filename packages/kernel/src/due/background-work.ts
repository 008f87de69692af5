/**
 * Work that waits for systems outside. It runs beside the due clock, so that slow systems delay no other work, up to a limit for each
 * process.
 */
export interface BackgroundWork {
  /** How many more pieces of work may start now; 0 after `stop`. */
  room(): number
  /** The keys of the work in progress. */
  keys(): readonly string[]
  /** Starts work, unless work with the same key is in progress: at most one piece of work per key runs, so its results stay in order. */
  begin(key: string, work: (signal: AbortSignal) => Promise<void>): void
  /** Aborts the signal of all work in progress, and waits for that work. */
  stop(): Promise<void>
}

/** @param atOnce the most pieces of work in progress. @param onError called when work has failed */
export function createBackgroundWork(atOnce: number, onError: (error: unknown, key: string) => void): BackgroundWork {
  const stopping = new AbortController()
  const inProgress = new Map<string, Promise<void>>()
  return {
    room: () => (stopping.signal.aborted ? 0 : Math.max(0, atOnce - inProgress.size)),
    keys: () => [...inProgress.keys()],
    begin(key, work) {
      if (stopping.signal.aborted || inProgress.has(key)) return
      const done = work(stopping.signal)
        .catch((error: unknown) => onError(error, key))
        .finally(() => inProgress.delete(key))
      inProgress.set(key, done)
    },
    async stop() {
      stopping.abort()
      await Promise.all(inProgress.values())
    },
  }
}
