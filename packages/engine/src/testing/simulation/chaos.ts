import type { CallFault, Faults } from '../../store/memory/faults.ts'
import type { Draw } from './draw.ts'

/** How bad the world of one seed is. Some are quiet, so that plain speed and order are seen as well. */
export interface Weather {
  readonly processes: number
  readonly latencyMs: number
  readonly broken: number
  readonly fence: number
  readonly lostHints: number
  /** Mean time between crashes, and between pauses, over all processes; null: none. */
  readonly crashMs: number | null
  readonly pauseMs: number | null
  readonly chaosMs: number
  readonly slots: number
}

export function drawWeather(draw: Draw): Weather {
  const calm = draw.chance(0.15)
  return {
    processes: draw.int(2, 3),
    latencyMs: draw.pick([0, 2, 10, 40]),
    broken: calm ? 0 : draw.pick([0, 0.005, 0.02, 0.05]),
    fence: calm ? 0 : draw.pick([0, 0, 0.01]),
    lostHints: draw.pick([0, 0.2, 1]),
    crashMs: calm ? null : draw.pick([null, 3000, 8000]),
    pauseMs: calm ? null : draw.pick([null, 4000, 9000]),
    chaosMs: draw.int(3000, 14_000),
    slots: draw.pick([1, 2, 50]),
  }
}

/** Faults until `over`; latency for ever. */
export function createFaults(draw: Draw, weather: Weather, over: () => boolean, trace: (line: string) => void): Faults {
  const latency = (): number => (weather.latencyMs === 0 ? 0 : draw.int(0, draw.chance(0.02) ? 50 * weather.latencyMs : weather.latencyMs))
  return {
    call: (method): CallFault => {
      const bad = !over()
      const broken = bad && draw.chance(weather.broken) ? draw.pick(['before', 'after'] as const) : 'no'
      const fault = { beforeMs: latency(), afterMs: latency(), broken, fence: bad && draw.chance(weather.fence) } as const
      trace(`call ${method} ${fault.beforeMs}+${fault.afterMs} ${broken} ${fault.fence}`)
      return fault
    },
    hint: () => ({ lost: draw.chance(weather.lostHints), delayMs: latency() }),
  }
}
