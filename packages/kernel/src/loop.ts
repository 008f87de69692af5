export interface LoopOptions {
  /** One round of work. @param signal fires when the loop is stopped. @returns milliseconds until the next round; null: when it is woken */
  round(signal: AbortSignal): Promise<number | null>
  /** Hears of a round that failed, unless the loop is stopping. @returns milliseconds until the next round; null: when it is woken */
  onError(error: unknown): number | null
  /**
   * A wake begins no round sooner than this after the end of the last one, so that wakes in a burst share a round. The delay that a round returns is
   * kept as it is. @param tookMs how long the last round took. Default 0
   */
  readonly pauseMs?: (tookMs: number) => number
}

export interface Loop {
  /** The next round begins after this at the latest. If a round is in progress, another one follows it. Default 0: at once. */
  wake(afterMs?: number): void
  /** No other round begins. Resolves when the round in progress has ended. */
  stop(): Promise<void>
}

/** The longest that Node's timers can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Rounds of work, one at a time: at times that each round sets, and when it is woken. The first one begins when it is woken first. */
export function createLoop({ round, onError, pauseMs = () => 0 }: LoopOptions): Loop {
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | null = null
  let working: Promise<void> | null = null
  /** When the next round begins, on the monotonic clock. */
  let nextAt = Number.POSITIVE_INFINITY
  /** Wakes are kept until then. */
  let restsUntil = 0

  const plan = (at: number): void => {
    if (at >= nextAt || stopping.signal.aborted) return
    nextAt = at
    if (working === null) arm()
  }

  const arm = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (nextAt === Number.POSITIVE_INFINITY || stopping.signal.aborted) return
    const delayMs = Math.min(TIMER_MS_MAX, Math.max(0, Math.ceil(nextAt - performance.now())))
    timer = setTimeout(() => {
      timer = null
      // A timer may be a little early; one that could not wait long enough is set again.
      if (nextAt - performance.now() > 1) arm()
      else working = work()
    }, delayMs)
    timer.unref()
  }

  const work = async (): Promise<void> => {
    nextAt = Number.POSITIVE_INFINITY
    const beganAt = performance.now()
    const delayMs = await round(stopping.signal).catch((error: unknown) => (stopping.signal.aborted ? null : onError(error)))
    working = null
    const endedAt = performance.now()
    restsUntil = endedAt + Math.max(0, pauseMs(endedAt - beganAt))
    // It was woken in the meantime.
    if (nextAt !== Number.POSITIVE_INFINITY) nextAt = Math.max(nextAt, restsUntil)
    if (delayMs !== null) nextAt = Math.min(nextAt, endedAt + delayMs)
    arm()
  }

  return {
    wake(afterMs = 0) {
      plan(Math.max(performance.now() + afterMs, restsUntil))
    },
    async stop() {
      stopping.abort()
      if (timer !== null) clearTimeout(timer)
      timer = null
      await working
    },
  }
}
