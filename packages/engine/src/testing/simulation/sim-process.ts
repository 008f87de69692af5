import type { Clock, Timer } from '../../clock.ts'
import type { VirtualClock } from '../virtual-clock.ts'

/**
 * A process that can die, and that can pause while time continues for the others (a closed laptop, a migrated virtual machine, SIGSTOP).
 */
export interface SimProcess {
  readonly name: string
  readonly clock: Clock
  readonly alive: boolean
  /** None of its code ever runs again. Calls that it has already sent still reach the database. */
  kill(): void
  /** Its timers due before `until` fire at `until`. */
  pauseUntil(until: number): void
}

/** `skewMs`: the error of the process's own clock. */
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
