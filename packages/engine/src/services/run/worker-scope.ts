import type { RunAnswer, StepSource } from '../../api.ts'
import type { Clock } from '../../clock.ts'
import type { RunId, StartOutcome, Store, WorkerId } from '../../store/store.ts'
import type { LoadedBundle, SandboxCache } from '../bundles/sandbox-cache.ts'
import type { Flusher } from '../flush/flusher.ts'
import type { Observer } from '../observe.ts'
import type { SubmitParts } from '../start/submit-start.ts'
import type { ActiveRun } from './active-run.ts'
import type { Turns } from './turns.ts'

/** State shared by the functions of one worker. */
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
   * The registration; '' between registrations. Code that waited for an answer compares it: runs claimed under another registration no
   * longer belong to this worker.
   */
  readonly worker: () => WorkerId
  readonly queues: readonly string[]
  readonly slots: number
  /** The runs that this worker holds. */
  readonly active: Map<RunId, ActiveRun>
  /** Parked runs whose coroutine is still in memory, least recently parked first. */
  readonly parked: Map<RunId, ActiveRun>
  readonly parkedMax: number
  /** Runs of which a call into their bundle failed. They share no call with others until they park or end. */
  readonly suspects: Set<RunId>
  /** A call into the bundle for these runs failed. */
  readonly failed: (bundle: LoadedBundle, runs: readonly ActiveRun[], error: Error) => void
  /** A slot became free, or a run may have become claimable. `at`: not before this time. */
  readonly wantClaim: (at?: number) => void
  /** A run of this process has ended, and its end is durable. */
  readonly ended: (run: ActiveRun, answer: RunAnswer) => void
  /** For `submitStart`. */
  readonly starts: SubmitParts
  /** Whether only the host, and runs of the same bundle, may start a workflow. */
  readonly isInternal: (workflow: string) => boolean
  /** Notifies the processes concerned after a start in a transaction of its own. */
  readonly announceStart: (outcome: StartOutcome, queue: string) => void
  /** Local starts that are not durable yet. Each has a slot. */
  starting: number
  /** True while the worker accepts no new runs. */
  stopping: boolean
}

export function hasRoom(scope: WorkerScope): boolean {
  return room(scope) > 0
}

export function room(scope: WorkerScope): number {
  return scope.slots - scope.active.size - scope.starting
}
