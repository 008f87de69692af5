import type { Clock, Timer } from '../../clock.ts'
import type { VirtualClock } from '../virtual-clock.ts'

/** A process that can die, and stand still while the rest of the world goes on (a closed laptop, a moved machine, SIGSTOP). */
export interface SimProcess {
  readonly name: string
  readonly clock: Clock
  readonly alive: boolean
  /** Nothing of it ever runs again. What it has sent to the database already arrives there. */
  kill(): void
  /** What should have happened meanwhile happens at `until`. */
  pauseUntil(until: number): void
}

/** `skewMs`: how wrong the process's own clock is. */
export function createProcess(world: VirtualClock, name: string, skewMs: number): SimProcess {
  let alive = true
  let paused = 0
  const arm = (fn: () => void, ms: number): Timer => {
    let inner = world.setTimeout(fire, ms)
    function fire(): void {
      if (!alive) return
      const rest = paused - world.now()
      if (rest > 0) inner = world.setTimeout(fire, rest)
      else fn()
    }
    return { [Symbol.dispose]: () => world.clearTimeout(inner) }
  }
  return {
    name,
    clock: {
      now: () => world.now() + skewMs,
      setTimeout: arm,
      clearTimeout: (timer) => timer[Symbol.dispose](),
      setImmediate: (fn) => void arm(fn, 0),
    },
    get alive() {
      return alive
    },
    kill: () => {
      alive = false
    },
    pauseUntil: (until) => {
      paused = Math.max(paused, until)
    },
  }
}
