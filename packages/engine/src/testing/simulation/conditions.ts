import type { CallFault, Faults } from '../../store/memory/faults.ts'
import type { Draw } from './draw.ts'

/** The faults and sizes of one seed. Some seeds have no faults, so that normal operation is checked too. */
export interface Conditions {
  readonly processes: number
  readonly slots: number
  /** The smallest number of runs in a flush sent beside another. Small in most seeds, so that such flushes occur. */
  readonly shareMin: number
  readonly latencyMs: number
  /** Chances for each call: that its connection breaks, that it takes longer than a lease, that a reaper fences its caller. */
  readonly broken: number
  readonly stray: number
  readonly fence: number
  /** The chance for each call that its process dies with it or pauses. */
  readonly fatal: number
  readonly lostHints: number
  readonly doubledHints: number
  /** Mean times between crashes, pauses and stops (over all processes) and outages of the database. Null: never. */
  readonly crashMs: number | null
  readonly pauseMs: number | null
  readonly stopMs: number | null
  readonly outageMs: number | null
  readonly chaosMs: number
  /** Some waits have no time limit: for signals, and those of children that stay until they are cancelled. */
  readonly endless: boolean
  /** The longest time of a call into a bundle. Null: such calls take no time, and never end the process that has the bundles. */
  readonly sandboxMs: number | null
}

export function drawConditions(draw: Draw): Conditions {
  const isCalm = draw.chance(0.15)
  const bad = <T>(calm: T, list: readonly T[]): T => (isCalm ? calm : draw.pick(list))
  const drawn = {
    processes: draw.int(2, 3),
    slots: draw.pick([1, 2, 50]),
    latencyMs: draw.pick([0, 2, 10, 40]),
    broken: bad(0, [0, 0.005, 0.02, 0.05]),
    stray: bad(0, [0, 0, 0.003, 0.01]),
    fence: bad(0, [0, 0, 0.01]),
    fatal: bad(0, [0, 0, 0.005, 0.02]),
    lostHints: draw.pick([0, 0.2, 1]),
    doubledHints: draw.pick([0, 0.2]),
    crashMs: bad<number | null>(null, [null, 3000, 8000]),
    pauseMs: bad<number | null>(null, [null, 4000, 9000]),
    stopMs: bad<number | null>(null, [null, 6000]),
    outageMs: bad<number | null>(null, [null, null, 8000]),
    chaosMs: draw.int(3000, 14_000),
  }
  // Derived without further draws, so that existing seeds keep their meaning.
  const { chaosMs } = drawn
  return {
    ...drawn,
    shareMin: chaosMs % 3 === 0 ? 24 : 1,
    endless: chaosMs % 3 !== 1,
    sandboxMs: chaosMs % 2 === 0 ? null : chaosMs % 60,
  }
}

const STRAY_MS = 15_000

export interface FaultWorld {
  readonly draw: Draw
  readonly conditions: Conditions
  /** True once the faults have ended; only latency remains. */
  readonly isOver: () => boolean
  readonly isDown: () => boolean
  readonly trace: (line: string) => void
}

export function createFaults({ draw, conditions, isOver, isDown, trace }: FaultWorld): Faults {
  const { latencyMs } = conditions
  const latency = (): number => (latencyMs === 0 ? 0 : draw.int(0, draw.chance(0.02) ? 50 * latencyMs : latencyMs))
  const breaks = (): CallFault['broken'] => {
    if (isDown()) return 'before'
    return draw.chance(conditions.broken) ? draw.pick(['before', 'after'] as const) : 'no'
  }
  return {
    call: (method): CallFault => {
      const isBad = !isOver()
      const broken = isBad ? breaks() : 'no'
      const beforeMs = isBad && draw.chance(conditions.stray) ? draw.int(0, STRAY_MS) : latency()
      const fault = { beforeMs, afterMs: latency(), broken, fence: isBad && draw.chance(conditions.fence) } as const
      trace(`call ${method} ${fault.beforeMs}+${fault.afterMs} ${broken} ${fault.fence}`)
      return fault
    },
    hint: () => {
      const fault = { lost: draw.chance(conditions.lostHints), delayMs: latency() }
      return draw.chance(conditions.doubledHints) ? { ...fault, repeatMs: latency() } : fault
    },
  }
}
