/**
 * GCRA: one number a caller, no timers. In the memory of one process, so an installation of n processes lets through
 * up to n times the rate; that keeps a request free of a round trip, and the limit is there to keep one caller from
 * crowding out the others, not to be counted on.
 */
export interface Rate {
  readonly perSecond: number
  /** How many may come at once. */
  readonly burst: number
}

/** Callers remembered; those whose allowance is full again are forgotten first. */
const CALLERS_MAX = 100_000

export function createRateLimiter(rate: Rate, now: () => number): (caller: string) => { readonly retryAfterMs: number } | null {
  const gapMs = 1000 / rate.perSecond
  const toleranceMs = gapMs * (rate.burst - 1)
  /** Theoretical arrival times. */
  const arrivals = new Map<string, number>()

  return (caller) => {
    const at = now()
    const due = Math.max(arrivals.get(caller) ?? at, at)
    const wait = due - toleranceMs - at
    if (wait > 0) return { retryAfterMs: Math.ceil(wait) }
    if (arrivals.size >= CALLERS_MAX) forget(arrivals, at)
    arrivals.set(caller, due + gapMs)
    return null
  }
}

function forget(arrivals: Map<string, number>, at: number): void {
  for (const [caller, due] of arrivals) if (due <= at) arrivals.delete(caller)
  if (arrivals.size >= CALLERS_MAX) arrivals.clear()
}
