import type { ClaimedRun, JournalKind, JournalRow, JsonText, Message, Millis, RunId } from '../store/store.ts'
import type { Activation, Command, Completion, Delivery, Failure } from '../workflow/protocol.ts'
import type { Timer } from './clock.ts'
import type { LoadedBundle } from './sandbox-cache.ts'

/** A command that has been issued and not answered. */
export type OpenCommand =
  | {
      readonly type: 'step'
      readonly cmd: number
      readonly name: string
      readonly input: JsonText
      readonly command: Extract<Command, { type: 'step' }>
      /** The attempt that is running or comes next, from 1. */
      attempt: number
      /** The next attempt starts no sooner. */
      notBefore: Millis
      startedAt: Millis
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
      /** `no`: this incarnation of the run has not asked for its start. `asked`: the start is on its way. */
      begun: 'no' | 'asked' | 'yes'
      timer: null
    }

/** An answer to be journalled and then delivered. */
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

/** A run that this process has in hand, or keeps parked in its cache. */
export interface ActiveRun {
  readonly row: ClaimedRun
  readonly id: RunId
  readonly bundle: LoadedBundle
  /** The number that the next journal row gets. */
  seq: number
  /** The seq of the current generation's first row, 0 in the first. */
  base: number
  /** 0, 1, 2 … : how often the run continued as new. */
  generation: number
  wakes: number
  /** The time of the last row journalled; the next has no earlier one. */
  at: Millis
  /** The run's clock: the time of the last row delivered. */
  clockAt: Millis
  readonly open: Map<number, OpenCommand>
  /** Deliveries whose rows are journalled (perhaps not yet flushed), waiting for their turn in the workflow; one a turn. */
  readonly queue: Activation[]
  /** What waits while a transactional step commits: whatever numbers a row, or begins or ends something that follows from one. */
  held: (() => void)[] | null
  /** Transactional steps waiting for their turn to commit. */
  readonly released: (() => void)[]
  /** Signals that arrived before anyone waited. */
  readonly buffered: Map<string, Message[]>
  /** Messages taken in but not yet flushed as received, and those buffered. */
  readonly seen: Set<string>
  /** Step bodies running now, and those about to start; starts of children on their way. */
  busy: number
  /** Starts of children on their way, those that were taken back meanwhile included. */
  starting: number
  state: 'replaying' | 'live' | 'parking' | 'parked' | 'done'
  pausing: boolean
  /** The workflow has ended; what it started on its way out is being started still. */
  ending: Completion | null
  cancelled: boolean
  linger: Timer | null
  deadline: Timer | null
  /** An earlier incarnation may have begun what its next turn asks for: nothing is journalled, but a worker had it before. */
  mayRepeat: boolean
  fetching: boolean
  refetch: boolean
  steps: number
  readonly startedAt: Millis
  /** When progress was last told. */
  toldAt: Millis
}

export function newActiveRun(row: ClaimedRun, bundle: LoadedBundle, now: Millis): ActiveRun {
  return {
    row,
    id: row.run,
    bundle,
    seq: row.nextSeq,
    base: row.base,
    generation: 0,
    wakes: row.wakes,
    at: row.clockAt,
    clockAt: row.clockAt,
    open: new Map(),
    queue: [],
    held: null,
    released: [],
    buffered: new Map(),
    seen: new Set(),
    busy: 0,
    starting: 0,
    state: 'live',
    pausing: row.pauseRequested,
    ending: null,
    cancelled: false,
    linger: null,
    deadline: null,
    mayRepeat: false,
    fetching: false,
    refetch: false,
    steps: 0,
    startedAt: now,
    toldAt: now,
  }
}

/** The journal row of an outcome. */
export function toJournal(run: ActiveRun, outcome: Outcome, seq: number, at: Millis): JournalRow {
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
