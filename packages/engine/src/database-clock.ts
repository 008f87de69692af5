import type { Clock } from './clock.ts'

export interface DatabaseClock extends Clock {
  /** The database said that it is `now`; what this machine's clock says does not matter from here on. */
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
