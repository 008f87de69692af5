/** Milliseconds to wait before attempt `attempt + 1`: full jitter, doubling from 200 ms, at most 5 s. */
export function backoffMs(attempt: number, random: number = Math.random()): number {
  return Math.ceil(random * Math.min(5_000, 100 * 2 ** Math.min(attempt, 10)))
}

/** The delay that the server requests (`Retry-After`, seconds or a date) in ms, at most a minute; null without one. */
export function retryAfterMs(header: string | null, now: number = Date.now()): number | null {
  if (header === null || header.trim() === '') return null
  const seconds = Number(header)
  const delayMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now
  return Number.isNaN(delayMs) ? null : Math.min(60_000, Math.max(0, delayMs))
}

/** Waits. Rejects with the signal's reason as soon as the signal is aborted. Also runs in a browser. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
