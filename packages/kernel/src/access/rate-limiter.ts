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

type Refusal = { readonly retryAfterMs: number } | null

export interface RateLimiter {
  /** Counts a request of this caller if it is within its limit. Null: it is. */
  (caller: string): Refusal
  /** Whether a request would be refused now. Counts nothing. */
  ask(caller: string): Refusal
  /** Counts something that has happened, also beyond the limit. */
  count(caller: string): void
  /** Takes back one that was counted. */
  forgive(caller: string): void
}

export function createRateLimiter(rate: Rate, now: () => number): RateLimiter {
  const gapMs = 1000 / rate.perSecond
  const toleranceMs = gapMs * (rate.burst - 1)
  /** Theoretical arrival times. */
  const arrivals = new Map<string, number>()
  const dueOf = (caller: string, at: number): number => Math.max(arrivals.get(caller) ?? at, at)

  const ask = (caller: string): Refusal => {
    const at = now()
    const wait = dueOf(caller, at) - toleranceMs - at
    return wait > 0 ? { retryAfterMs: Math.ceil(wait) } : null
  }
  const count = (caller: string): void => {
    const at = now()
    if (arrivals.size >= CALLERS_MAX) forget(arrivals, at)
    arrivals.set(caller, dueOf(caller, at) + gapMs)
  }
  const forgive = (caller: string): void => {
    const due = arrivals.get(caller)
    if (due !== undefined) arrivals.set(caller, due - gapMs)
  }
  const limit = (caller: string): Refusal => {
    const refused = ask(caller)
    if (refused === null) count(caller)
    return refused
  }
  return Object.assign(limit, { ask, count, forgive })
}

function forget(arrivals: Map<string, number>, at: number): void {
  for (const [caller, due] of arrivals) if (due <= at) arrivals.delete(caller)
  if (arrivals.size >= CALLERS_MAX) arrivals.clear()
}
