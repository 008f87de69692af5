/**
 * The time that the engine's services see: real in production, virtual in the simulation. Nothing else in the engine reads the machine's
 * clock.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** A timer of any length. It does not keep the process alive. */
  setTimeout(fn: () => void, ms: number): Timer
  clearTimeout(timer: Timer): void
  /** Runs `fn` after the current task and its microtasks, before any timer that is not due yet. */
  setImmediate(fn: () => void): void
}

/** Opaque: only the clock that made it can clear it. */
export interface Timer {
  readonly [Symbol.dispose]: () => void
}

/** The longest timer of the platform: 24.8 days. It ends a longer one at once. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1

export const systemClock: Clock = {
  // Monotonic: a change of the machine's time must not move deadlines. The engine corrects it by the database's time.
  now: () => performance.timeOrigin + performance.now(),
  // A time that has passed is now. Node.js warns of a negative time.
  setTimeout: (fn, ms) => (ms <= TIMEOUT_MS_MAX ? setTimeout(fn, Math.max(0, ms)).unref() : setLongTimeout(fn, ms)),
  clearTimeout: (timer) => timer[Symbol.dispose](),
  setImmediate: (fn) => {
    setImmediate(fn)
  },
}

function setLongTimeout(fn: () => void, ms: number): Timer {
  let leftMs = ms
  let timer: NodeJS.Timeout
  const next = (): void => {
    const partMs = Math.min(leftMs, TIMEOUT_MS_MAX)
    leftMs -= partMs
    timer = setTimeout(leftMs > 0 ? next : fn, partMs).unref()
  }
  next()
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}

export interface DatabaseClock extends Clock {
  /**
   * Begins a reading of the database's time. Call what it returns with the database's time as soon as the answer is there. From then on the
   * machine's own time does not matter.
   */
  reading(): (now: number) => void
}

/** Resolves after `ms`, without keeping the process alive: between two attempts, and for work that takes time in a simulation. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimeout(resolve, ms))
}

/**
 * The database's time, carried forward by this machine's clock between readings. All processes share this one time. An answer may take long,
 * and says only that the time was read at some moment between question and answer. So a reading moves this clock no further than into what it
 * leaves possible, and a slow one does not spoil what a quick one has found. The first moves it to the earliest time that is possible.
 */
export function databaseClock(base: Clock): DatabaseClock {
  let offset: number | null = null
  return {
    now: () => Math.floor(base.now() + (offset ?? 0)),
    setTimeout: base.setTimeout.bind(base),
    clearTimeout: base.clearTimeout.bind(base),
    setImmediate: base.setImmediate.bind(base),
    reading() {
      const askedAt = base.now()
      return (now) => {
        const least = now - base.now()
        const most = now - askedAt
        offset = offset === null ? least : Math.min(Math.max(offset, least), most)
      }
    },
  }
}
