/**
 * A rate limit by GCRA (generic cell rate algorithm): one number for each caller and no timers. The numbers are in the memory of one
 * process, so that a request needs no round trip. An installation of n processes therefore allows up to n times the rate. That is
 * acceptable, because the limit exists to keep one caller from crowding out the others; it is not an exact quota.
 */
export interface Rate {
  readonly perSecond: number
  /** How many requests may arrive at the same time. */
  readonly burst: number
}

/** The most callers that are remembered. Callers with a full allowance are forgotten first. */
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
