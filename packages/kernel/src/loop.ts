export interface LoopOptions {
  /** One round of work. @param signal aborts when the loop is stopped. @returns milliseconds until the next round; null: wait for a wake */
  round(signal: AbortSignal): Promise<number | null>
  /**
   * Called when a round has failed, unless the loop is stopping. @returns milliseconds until the next round, which a wake does not shorten; null: wait
   * for a wake
   */
  onError(error: unknown): number | null
  /**
   * The shortest time from the end of a round to the next one that a wake starts, so that a burst of wakes shares one round. It does not
   * apply to the delay that a round returns. @param tookMs how long the last round took. Default 0
   */
  readonly pauseMs?: (tookMs: number) => number
}

export interface Loop {
  /** Starts the next round within this time. If a round is in progress, another one follows it. Default 0: at once. */
  wake(afterMs?: number): void
  /** Starts no further round. Resolves when the round in progress has ended. */
  stop(): Promise<void>
}

/** The longest delay of Node's timers. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Runs rounds of work, one at a time: after the delay that the last round returned, and on a wake. The first round needs a wake. */
export function createLoop({ round, onError, pauseMs = () => 0 }: LoopOptions): Loop {
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | null = null
  let working: Promise<void> | null = null
  /** When the next round starts, on the monotonic clock. */
  let nextAt = Number.POSITIVE_INFINITY
  /** A wake before this time starts its round at this time. */
  let pausedUntil = 0

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
      // A timer may fire a little early. A delay beyond TIMER_MS_MAX needs another timer.
      if (nextAt - performance.now() > 1) arm()
      else working = work()
    }, delayMs)
    timer.unref()
  }

  const work = async (): Promise<void> => {
    nextAt = Number.POSITIVE_INFINITY
    const beganAt = performance.now()
    let retryMs = 0
    const delayMs = await round(stopping.signal).catch((error: unknown) => {
      const delay = stopping.signal.aborted ? null : onError(error)
      retryMs = delay ?? 0
      return delay
    })
    working = null
    const endedAt = performance.now()
    pausedUntil = endedAt + Math.max(0, retryMs, pauseMs(endedAt - beganAt))
    // A wake came during the round.
    if (nextAt !== Number.POSITIVE_INFINITY) nextAt = Math.max(nextAt, pausedUntil)
    if (delayMs !== null) nextAt = Math.min(nextAt, endedAt + delayMs)
    arm()
  }

  return {
    wake(afterMs = 0) {
      plan(Math.max(performance.now() + afterMs, pausedUntil))
    },
    async stop() {
      stopping.abort()
      if (timer !== null) clearTimeout(timer)
      timer = null
      await working
    },
  }
}
