/** Time as the engine's services see it. Real in production, virtual in the simulation; nothing in the engine reads the machine's clock directly. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * A timer never keeps the process alive on its own. `ms` beyond the platform's 24.8 days is cut to that: the caller must check the
   * time when it fires.
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

export interface DatabaseClock extends Clock {
  /** The database's clock read `now` at this moment; the machine's own time does not matter from here on. */
  sync(now: number): void
}

/** The database's time, carried forward by this machine's clock between readings. Only one time counts for all processes. */
export function databaseClock(base: Clock): DatabaseClock {
  let offset = 0
  return {
    now: () => Math.floor(base.now() + offset),
    setTimeout: base.setTimeout.bind(base),
    clearTimeout: base.clearTimeout.bind(base),
    setImmediate: base.setImmediate.bind(base),
    sync: (now) => {
      offset = now - base.now()
    },
  }
}
