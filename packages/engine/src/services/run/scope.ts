import type { StepSource } from '../../api.ts'
import type { Clock } from '../../clock.ts'
import type { Ambiguous, Fenced, RunId, StartOutcome, Store, WorkerId } from '../../store/store.ts'
import type { Completion } from '../../workflow/protocol.ts'
import type { SandboxCache } from '../bundles/sandbox-cache.ts'
import type { Flusher } from '../flush/flusher.ts'
import type { Observer } from '../observe.ts'
import type { PlainStart } from '../start/submit-start.ts'
import type { ActiveRun, OpenCommand } from './active-run.ts'

/**
 * What can be done with a run in hand. Each is a function of a file of its own (`begin.ts`, `park.ts` …); they call each other in
 * circles, as a run goes round, so they meet here and not by imports.
 */
export interface Acts {
  /** Sets an open command going; `fresh`: it cannot have been begun before. */
  begin(run: ActiveRun, open: OpenCommand, fresh: boolean): void
  armDeadline(run: ActiveRun): void
  fetchMessages(run: ActiveRun): void
  considerIdle(run: ActiveRun): void
  parkIdle(): void
  block(run: ActiveRun, reason: string): void
  wake(run: ActiveRun, pausing: boolean): void
  endWith(run: ActiveRun, completion: Completion): void
  finish(run: ActiveRun, completion: Completion): void
}

/** What the functions of a worker share. One exists for each worker of a process. */
export interface Scope extends Acts {
  readonly store: Store
  readonly clock: Clock
  readonly flusher: Flusher
  readonly sandboxes: SandboxCache
  readonly steps: StepSource
  readonly observe: Observer
  /** Uniform in [0, 1); seeded in simulations. */
  readonly random: () => number
  /**
   * The registration; '' while there is none. Whoever waits for an answer compares it: what was claimed under another one is not ours any
   * more.
   */
  readonly worker: () => WorkerId
  readonly queues: readonly string[]
  readonly slots: number
  /** Runs in hand. */
  readonly active: Map<RunId, ActiveRun>
  /** Parked runs whose coroutine is still in memory, least recently parked first. */
  readonly parked: Map<RunId, ActiveRun>
  readonly parkedMax: number
  /** Runs whose park the last flush did not do, because they had been poked. */
  readonly kept: Set<RunId>
  /** Gives a run its turn in the workflow: delivers the next of its queued deliveries. */
  readonly schedule: (run: ActiveRun) => void
  /** A slot came free, or something may have become claimable. `at`: not before this time. */
  readonly wantClaim: (at?: number) => void
  /** A run of this process reached its end (durably). */
  readonly ended: (run: ActiveRun, answer: import('../../api.ts').RunAnswer) => void
  /** Queues the start of a run for the next flush. */
  readonly submit: (start: PlainStart) => void
  readonly tellStarted: (outcome: StartOutcome) => void
  /** The registration is gone: everything in hand is dropped, a new one is taken. */
  readonly lost: (cause: Fenced | Ambiguous) => void
  /** Local starts on their way to being durable; each has a slot. */
  starting: number
  /** True while the worker takes no new work. */
  stopping: boolean
}

/** Runs stay in memory for a wait this short; a longer one is parked. */
export const STAY_MS = 2000
/** A run with nothing to do keeps its slot this long, in case an answer comes at once. */
export const LINGER_MS = 50
/** A run is blocked as poison when this many workers were lost with it and it made no progress. */
export const CRASHES_MAX = 5
/** Progress of a run is told no more often than this. */
export const TELL_MS = 1000

export function hasRoom(scope: Scope): boolean {
  return room(scope) > 0
}

export function room(scope: Scope): number {
  return scope.slots - scope.active.size - scope.starting
}
