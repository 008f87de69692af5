import type { RunAnswer, StepSource } from '../../api.ts'
import type { Clock } from '../../clock.ts'
import type { RunId, StartOutcome, Store, WorkerId } from '../../store/store.ts'
import type { SandboxCache } from '../bundles/sandbox-cache.ts'
import type { Flusher } from '../flush/flusher.ts'
import type { Observer } from '../observe.ts'
import type { SubmitParts } from '../start/submit-start.ts'
import type { ActiveRun } from './active-run.ts'
import type { Turns } from './turns.ts'

/** What the functions of one worker share. */
export interface WorkerScope {
  readonly store: Store
  readonly clock: Clock
  readonly flusher: Flusher
  readonly sandboxes: SandboxCache
  readonly turns: Turns
  readonly steps: StepSource
  readonly observe: Observer
  /** Uniform in [0, 1); seeded in simulations. */
  readonly random: () => number
  /**
   * The registration; '' while there is none. Code that waited for an answer compares it: what was claimed under another registration no
   * longer belongs to this worker.
   */
  readonly worker: () => WorkerId
  readonly queues: readonly string[]
  readonly slots: number
  /** Runs in hand. */
  readonly active: Map<RunId, ActiveRun>
  /** Parked runs whose coroutine is still in memory, least recently parked first. */
  readonly parked: Map<RunId, ActiveRun>
  readonly parkedMax: number
  /** A slot came free, or something may have become claimable. `at`: not before this time. */
  readonly wantClaim: (at?: number) => void
  /** A run of this process has ended, durably. */
  readonly ended: (run: ActiveRun, answer: RunAnswer) => void
  /** For `submitStart`. */
  readonly starts: SubmitParts
  /** After a start in a transaction of its own: tells the processes that it concerns. */
  readonly announceStart: (outcome: StartOutcome) => void
  /** Local starts on their way to being durable; each has a slot. */
  starting: number
  /** True while the worker takes no new work. */
  stopping: boolean
}

export function hasRoom(scope: WorkerScope): boolean {
  return room(scope) > 0
}

export function room(scope: WorkerScope): number {
  return scope.slots - scope.active.size - scope.starting
}
