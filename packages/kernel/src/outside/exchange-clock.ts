import { OutsideError } from './outside-error.ts'

/** The time of one exchange. Whichever limit passes first aborts the whole, and its signal's reason says which. */
export interface ExchangeClock {
  readonly signal: AbortSignal
  /** Does one phase: rejects when it or the whole takes too long, even if what it waits for never answers. */
  within<T>(ms: number, host: string, phase: string, act: () => Promise<T>): Promise<T>
  stop(): void
}

export function startExchangeClock(totalMs: number, host: string, stopped: AbortSignal | undefined): ExchangeClock {
  const controller = new AbortController()
  const { signal } = controller
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  // Whoever races with it hears of it; between two phases nobody does, and that is no unhandled rejection.
  aborted.catch(() => undefined)
  const expire = (ms: number, at: string, phase: string) =>
    setTimeout(() => controller.abort(new OutsideError('timeout', at, `${at} took longer than ${ms} ms to ${phase}`)), ms)
  const total = expire(totalMs, host, 'answer')
  const stop = () => controller.abort(new OutsideError('stopped', host, `The request to ${host} was stopped`))
  stopped?.addEventListener('abort', stop, { once: true })
  if (stopped?.aborted) stop()
  return {
    signal,
    async within(ms, at, phase, act) {
      signal.throwIfAborted()
      const timer = expire(ms, at, phase)
      try {
        return await Promise.race([act(), aborted])
      } finally {
        clearTimeout(timer)
      }
    },
    stop() {
      clearTimeout(total)
      stopped?.removeEventListener('abort', stop)
    },
  }
}
