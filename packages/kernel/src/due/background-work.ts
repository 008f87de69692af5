/** Work that waits for systems outside: it runs beside the clock that begins it, up to a limit in each process, and holds up no other work. */
export interface BackgroundWork {
  /** How many more may begin now; 0 after `stop`. */
  room(): number
  /** Begins work. Work under a key that is still in progress is left out, so that a slow one takes one place and its results keep their order. */
  begin(key: string, work: (signal: AbortSignal) => Promise<void>): void
  /** Fires the signal of all work in progress, and waits for it. */
  stop(): Promise<void>
}

/** @param onError hears of work that has failed */
export function createBackgroundWork(atOnce: number, onError: (error: unknown, key: string) => void): BackgroundWork {
  const stopping = new AbortController()
  const inProgress = new Map<string, Promise<void>>()
  return {
    room: () => (stopping.signal.aborted ? 0 : Math.max(0, atOnce - inProgress.size)),
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
