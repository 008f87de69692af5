/** Time as the engine's services see it. Real in production, virtual in the simulation; nothing in the engine asks the machine directly. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * A timer never keeps the process alive on its own. `ms` beyond the platform's 24.8 days is cut to that: whoever sleeps longer looks
   * again when it fires.
   */
  setTimeout(fn: () => void, ms: number): Timer
  clearTimeout(timer: Timer): void
  /** After what is running now and its microtasks, before any timer that is not due. */
  setImmediate(fn: () => void): void
}

/** Opaque; only the clock that made it can clear it. */
export interface Timer {
  readonly [Symbol.dispose]: () => void
}

const LONGEST_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  // The monotonic clock: setting the machine's time must not move deadlines. The engine corrects it by the database's time.
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (fn, ms) => setTimeout(fn, Math.min(ms, LONGEST_MS)).unref(),
  clearTimeout: (timer) => timer[Symbol.dispose](),
  setImmediate: (fn) => {
    setImmediate(fn)
  },
}
