import { OutsideError } from './outside-error.ts'

/**
 * The time limits of one exchange. The first limit that passes aborts the whole exchange; the signal's reason is an OutsideError that names
 * it.
 */
export interface ExchangeClock {
  readonly signal: AbortSignal
  /** Runs one phase. Rejects when the phase or the whole exchange takes too long, even if `act` never settles. */
  within<T>(ms: number, host: string, phase: string, act: () => Promise<T>): Promise<T>
  stop(): void
}

export function startExchangeClock(totalMs: number, host: string, stopped: AbortSignal | undefined): ExchangeClock {
  const controller = new AbortController()
  const { signal } = controller
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  // During a phase `Promise.race` handles the rejection. Between two phases nothing does, and it must not count as unhandled.
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
