import type { BuiltBundle, TransactionalEngine } from '../../api.ts'
import type { MemoryDatabase } from '../../store/memory/create-memory-store.ts'
import type { OrgId } from '../../store/store.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import type { Draw } from './draw.ts'
import type { Oracle } from './oracle.ts'
import type { SharedSandbox } from './shared-sandbox.ts'
import type { SimProcess } from './sim-process.ts'
import type { Weather } from './weather.ts'

/** Everything of one simulation that its parts share. */
export interface World {
  readonly clock: VirtualClock
  readonly draw: Draw
  readonly weather: Weather
  readonly database: MemoryDatabase
  readonly oracle: Oracle
  readonly org: OrgId
  /** Versions of the same workflows; the first is deployed from the beginning. */
  readonly bundles: readonly BuiltBundle[]
  readonly sandbox: SharedSandbox
  readonly machines: Machine[]
  /** No call reaches the database before this time. */
  downUntil: number
  /** Faults are over: whatever is unfinished now must finish. */
  over: boolean
  /** A line of what makes the seed what it is. */
  readonly trace: (line: string) => void
  /** A line for whoever looks at the seed; absent: nobody does. */
  readonly detail: ((line: string) => void) | undefined
  readonly counts: Map<string, number>
}

/** A place where one process after the other runs. */
export interface Machine {
  readonly process: SimProcess
  readonly engine: TransactionalEngine
  /** It knows the database's time (before that its own clock may be hours off) and has not been asked to stop. */
  ready: boolean
}

export function count(world: World, what: string, by = 1): number {
  const total = (world.counts.get(what) ?? 0) + by
  world.counts.set(what, total)
  return total
}

/** It answers requests. */
export const isUp = ({ process, ready }: Machine): boolean => process.alive && ready

/** A machine that is up, if there is one. */
export function anyMachine(world: World): Machine | null {
  const ready = world.machines.filter(isUp)
  return ready.length === 0 ? null : world.draw.pick(ready)
}
