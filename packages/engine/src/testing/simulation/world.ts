import type { BuiltBundle, TransactionalEngine } from '../../api.ts'
import type { MemoryDatabase } from '../../store/memory/create-memory-store.ts'
import type { OrgId } from '../../store/store.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import type { Conditions } from './conditions.ts'
import type { Draw } from './draw.ts'
import type { Oracle } from './oracle.ts'
import type { SharedSandbox } from './shared-sandbox.ts'
import type { SimProcess } from './sim-process.ts'

/** The shared state of one simulation. */
export interface World {
  readonly clock: VirtualClock
  readonly draw: Draw
  readonly conditions: Conditions
  readonly database: MemoryDatabase
  readonly oracle: Oracle
  readonly org: OrgId
  /** Versions of the same workflows. The first is deployed from the start. */
  readonly bundles: readonly BuiltBundle[]
  readonly sandbox: SharedSandbox
  readonly machines: Machine[]
  /** No call reaches the database before this time. */
  downUntil: number
  /** The faults have ended: every unfinished run must now finish. */
  over: boolean
  /** Records a line of the trace, which identifies what a seed did. */
  readonly trace: (line: string) => void
  /** Records a line for a person who debugs the seed. Absent in normal runs. */
  readonly detail: ((line: string) => void) | undefined
  readonly counts: Map<string, number>
}

/** A place where processes run one after another. */
export interface Machine {
  readonly process: SimProcess
  readonly engine: TransactionalEngine
  /** The process knows the database's time (before that its own clock may be hours off) and has not been asked to stop. */
  ready: boolean
}

export function count(world: World, what: string, by = 1): number {
  const total = (world.counts.get(what) ?? 0) + by
  world.counts.set(what, total)
  return total
}

/** True if the machine answers requests. */
export const isUp = ({ process, ready }: Machine): boolean => process.alive && ready

/** A random machine that is up, or null. */
export function anyMachine(world: World): Machine | null {
  const ready = world.machines.filter(isUp)
  return ready.length === 0 ? null : world.draw.pick(ready)
}
