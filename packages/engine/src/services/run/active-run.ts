import type { Timer } from '../../clock.ts'
import type { BundleHost } from '../../sandbox/bundle-host.ts'
import type { ClaimedRun, JournalKind, JournalRow, JsonText, Millis, ParkRow, RunId, RunRow, SignalMessage } from '../../store/store.ts'
import type { Activation, Command, Completion, Delivery, Failure } from '../../workflow/protocol.ts'
import type { LoadedBundle } from '../bundles/sandbox-cache.ts'

/** A command that has been issued and has no outcome yet. */
export type OpenCommand =
  | {
      readonly type: 'step'
      readonly cmd: number
      readonly name: string
      readonly input: JsonText
      readonly command: Extract<Command, { type: 'step' }>
      /** The number of the running or next attempt, from 1. */
      attempt: number
      /** The earliest time of the next attempt. */
      notBefore: Millis
      abort: AbortController | null
      timer: Timer | null
    }
  | { readonly type: 'sleep'; readonly cmd: number; readonly name: ''; readonly input: null; readonly until: Millis; timer: Timer | null }
  | {
      readonly type: 'signal'
      readonly cmd: number
      readonly name: string
      readonly input: null
      readonly until: Millis | null
      timer: Timer | null
    }
  | {
      readonly type: 'child'
      readonly cmd: number
      readonly name: string
      readonly input: JsonText
      readonly command: Extract<Command, { type: 'child' }>
      readonly child: RunId
      /** `no`: this process has not requested its start since it took the run. `requested`: the start is in progress. */
      begun: 'no' | 'requested' | 'yes'
      timer: null
    }

/** An outcome to be journalled and then delivered. */
export interface Outcome {
  readonly kind: JournalKind
  readonly cmd: number
  readonly name: string
  readonly input: JsonText | null
  readonly output: JsonText | null
  readonly error: Failure | null
  readonly attempt: number
  readonly startedAt: Millis
  readonly delivery: Delivery
}

/**
 * The phase of a held run. `pausing`: a pause was requested. Work in progress finishes, nothing new begins, and the run parks when no
 * work is left.
 */
export type Phase =
  /**
   * It is being replayed; or its first turn is due, and a worker that held it before may have begun commands that the workflow will issue.
   * Messages may answer those commands, so they wait until the workflow has issued them. Or it was cancelled while no worker had it, and its
   * open commands wait until its code knows.
   */
  | { readonly type: 'repeating'; readonly pausing: boolean }
  /** Its workflow runs. `linger`: it has nothing to do and keeps its slot a moment longer, in case an outcome arrives at once. */
  | { readonly type: 'live'; readonly pausing: boolean; linger: Timer | null }
  /** The workflow has ended, but a detached child is still being started or a transactional step is committing. */
  | { readonly type: 'ending'; readonly pausing: boolean; readonly completion: Completion }
  /** The park is being written. Once that is committed, this process no longer holds the run. */
  | { readonly type: 'parking'; readonly state: ParkRow['state']; readonly reason: string | null }
  /** Kept in the cache, without a slot. */
  | { readonly type: 'parked' }
  /** Ended, lost, or dropped from the cache. This object must not act for the run any more. */
  | { readonly type: 'gone' }

/** The state that starts over when a run continues as new. */
interface Generation {
  /** 0, 1, 2 … */
  readonly number: number
  /** The seq of its first row; 0 in the first generation. */
  readonly base: number
  /** The seq of the first row that its code can cause. */
  from: number
  /** How many generations before it ended without such a row, one after another. */
  readonly idle: number
  /** The reason of the request to stop that has been journalled. Null: it was not asked to. */
  cancelled: string | null
}

/** A run that this process holds, or keeps parked in its cache. */
export interface ActiveRun {
  readonly row: ClaimedRun
  readonly id: RunId
  readonly bundle: LoadedBundle
  /** Where its coroutine is. Another one than the bundle's: the coroutine is lost. */
  host: BundleHost
  phase: Phase
  /** Whether its messages are being read. `again`: they must be read once more, because others have arrived. */
  inbox: 'idle' | 'reading' | 'again'
  /** The live row's count of messages and other pokes when it was last read. */
  wakes: number
  generation: Generation
  /** The number of the next journal row. */
  seq: number
  /** The time of the last journalled row. Times of later rows are not earlier. */
  at: Millis
  /** The run's clock: the time of the last delivered row. */
  clockAt: Millis
  readonly open: Map<number, OpenCommand>
  /** Deliveries whose rows are journalled (perhaps not yet flushed), one for each future turn. */
  readonly queue: Activation[]
  /** Work that waits while a transactional step commits: everything that numbers a row or acts on one. Null: no step is committing. */
  held: (() => void)[] | null
  /** Transactional steps that wait for their turn to commit. */
  readonly released: (() => void)[]
  /** Signals that no command waits for yet, by name. */
  readonly buffered: Map<string, SignalMessage[]>
  /** Ids of messages received but, when the inbox was last read, not yet flushed, and of buffered ones. */
  readonly seen: Set<string>
  /** Its workflow code has a delivery and has not reacted yet. */
  turning: boolean
  /** Step bodies and starts of children in progress. */
  busy: number
  /** Starts of children in progress, including those dropped since. */
  starting: number
  deadline: Timer | null
  readonly progress: { steps: number; reportedAt: Millis }
}

export function newActiveRun(row: ClaimedRun, bundle: LoadedBundle, now: Millis): ActiveRun {
  return {
    row,
    id: row.run,
    bundle,
    host: bundle.host,
    phase: { type: 'live', pausing: row.pauseRequested, linger: null },
    inbox: 'idle',
    wakes: row.wakes,
    generation: { number: 0, base: row.base, cancelled: null, from: row.nextSeq, idle: 0 },
    seq: row.nextSeq,
    at: row.clockAt,
    clockAt: row.clockAt,
    open: new Map(),
    queue: [],
    held: null,
    released: [],
    buffered: new Map(),
    seen: new Set(),
    turning: false,
    busy: 0,
    starting: 0,
    deadline: null,
    progress: { steps: 0, reportedAt: now },
  }
}

/** Whether its workflow code can continue from memory. */
export function hasCoroutine({ host, bundle }: ActiveRun): boolean {
  return host === bundle.host
}

/** Whether this worker holds the run and may still write for it. */
export function isLive({ phase }: ActiveRun): boolean {
  return phase.type === 'live' || phase.type === 'repeating' || phase.type === 'ending'
}

export function isPausing({ phase }: ActiveRun): boolean {
  return 'pausing' in phase && phase.pausing
}

/** The row that a claim would return for a run that this worker has just started. */
export function toClaimed(row: RunRow): ClaimedRun {
  return { ...row, wakes: 0, nextSeq: 1, base: 0, crashes: 0, begun: false, holds: false, pauseRequested: false }
}

/** The journal row of an outcome. */
export function toJournal(run: ActiveRun, outcome: Omit<Outcome, 'delivery'>, seq: number, at: Millis): JournalRow {
  return {
    org: run.row.org,
    run: run.id,
    seq,
    kind: outcome.kind,
    cmd: outcome.cmd,
    name: outcome.name,
    input: outcome.input,
    output: outcome.output,
    error: outcome.error,
    attempt: outcome.attempt,
    startedAt: outcome.startedAt,
    at,
  }
}
