/**
 * The port between the engine and its state. Two implementations: `memory/` (simulation, tests) and `postgres/`. `testing/store.suite.ts`
 * defines a correct one.
 *
 * Payloads cross this port as JSON text and are opaque here. A store moves any payload over BLOB_BYTES to its blob table and back; the
 * engine does not notice.
 */
import type { Authority, Failure, Priority } from '../workflow/protocol.ts'
import type { JsonText, Millis, OrgId, RunId, WorkerId } from './ids.ts'
import type { Message } from './messages.ts'

export type * from './ids.ts'
export type * from './messages.ts'

export const BLOB_BYTES = 64 * 1024

export type RunState = 'ready' | 'running' | 'waiting' | 'gated' | 'paused' | 'blocked'
export type FinalStatus = 'succeeded' | 'failed' | 'cancelled' | 'timed_out'

/** What happens to a child when its parent ends: it is asked to stop, it ends without its cleanup, or it continues. */
export type ParentClose = 'cancel' | 'terminate' | 'abandon'

export interface RunRow {
  readonly org: OrgId
  readonly run: RunId
  readonly workflow: string
  /** Hash of the bundle the run is pinned to. */
  readonly bundle: string
  readonly queue: string
  readonly priority: Priority
  readonly input: JsonText
  /** What the run may do: set with its start and never changed. Null: nothing that needs a scope. */
  readonly authority: Authority | null
  readonly tags: readonly string[]
  readonly createdAt: Millis
  /** The run that started it, and which of that run's commands did. */
  readonly parent: { readonly run: RunId; readonly cmd: number; readonly close: ParentClose } | null
  /** The run that a retry or a fork copies. `seed` feeds random() and uuid(); `keys` prefixes the idempotency keys of steps. */
  readonly origin: { readonly kind: 'retry' | 'fork'; readonly run: RunId; readonly seq: number } | null
  readonly seed: string
  readonly keys: string
  /** The run's clock at its first activation: `createdAt`, or for a retry or fork the source's, so that replay sees the same times. */
  readonly clockAt: Millis
  /** Absolute time at which the run times out, or null. */
  readonly deadline: Millis | null
}

/** A start without keys and limits. `at`: null starts now, otherwise not before that time. */
export interface StartRow extends RunRow {
  /** With `running` the flushing worker holds the run at once, unless its queue is paused. The other states leave it to a claim. */
  readonly state: 'running' | 'ready' | 'waiting'
  readonly at: Millis | null
}

export type JournalKind =
  | 'step'
  | 'sleep'
  | 'signal'
  | 'child' // outcomes of commands, delivered to the workflow
  | 'cancel' // a cancellation or time-out request, delivered to the workflow
  | 'attempt' // a failed attempt of a step that will be retried; not delivered
  | 'patch'
  | 'version'
  | 'generation' // markers; not delivered

export interface JournalRow {
  readonly org: OrgId
  readonly run: RunId
  /** 1, 2, 3 … over the whole life of the run, without gaps, in the order of delivery. */
  readonly seq: number
  readonly kind: JournalKind
  /** The command whose outcome this is; 0 for rows that are not outcomes. */
  readonly cmd: number
  readonly name: string
  readonly input: JsonText | null
  readonly output: JsonText | null
  readonly error: Failure | null
  readonly attempt: number
  readonly startedAt: Millis
  readonly at: Millis
}

export interface FinishRow {
  readonly org: OrgId
  readonly run: RunId
  readonly status: FinalStatus
  readonly output: JsonText | null
  readonly error: Failure | null
  readonly at: Millis
  /** True if the run holds limits. The same transaction releases them and admits waiting runs. */
  readonly holds: boolean
  /**
   * The children that may be live, as far as the worker knows: it does not know those of earlier generations. The same transaction stops all
   * live children, unless they were started with `close: 'abandon'`. Null: it started no child.
   */
  readonly children: readonly RunId[] | null
}

/** A condition that a parked run waits for. `why` shows it. */
export type Wait =
  | { readonly type: 'timer'; readonly until: Millis }
  | { readonly type: 'signal'; readonly name: string; readonly until: Millis | null }
  | { readonly type: 'child'; readonly run: RunId; readonly workflow: string }
  | { readonly type: 'retry'; readonly step: string; readonly attempt: number; readonly until: Millis }

/**
 * Parks a run: the worker releases it. Written only if the run was not poked since the worker last looked (`wakes` unchanged). Otherwise
 * the row stays `running` with this worker, and the run is reported in `kept`.
 */
export interface ParkRow {
  readonly org: OrgId
  readonly run: RunId
  readonly state: 'waiting' | 'paused' | 'blocked' | 'ready'
  readonly wakes: number
  /** Of a `waiting` run: wake it no later than this. Null: only a poke wakes it. */
  readonly at: Millis | null
  readonly waits: readonly Wait[]
  /** Of a `blocked` run: the reason, for people. */
  readonly reason: string | null
  readonly nextSeq: number
  /** The seq of the `generation` row that starts the current generation; 0 for the first one. */
  readonly base: number
}

/** The place of an event in the log. Both numbers are decimal text, because they exceed the exact range of a number. */
export interface EventPlace {
  readonly tx: string
  readonly id: string
}

export interface EventRow {
  readonly org: OrgId
  readonly type: string
  readonly subject: string
  readonly data: JsonText
  readonly at: Millis
  /**
   * The run that caused the event, if the event is about something else. Only `emit` stores it; events of a flush are about their own runs.
   */
  readonly run?: RunId
}

export interface LogRow {
  readonly org: OrgId
  readonly run: RunId
  readonly cmd: number
  /** Null: the workflow itself wrote the line. */
  readonly step: string | null
  readonly attempt: number
  readonly at: Millis
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly data: JsonText | null
}

/** Details of the last heartbeat of a step in progress. */
export interface ProgressRow {
  readonly org: OrgId
  readonly run: RunId
  readonly cmd: number
  readonly attempt: number
  readonly at: Millis
  readonly details: JsonText
}

/**
 * A row of a host's own table that must commit with the batch (an audit entry). `table` names a companion registered with the store;
 * `values` are its columns.
 */
export interface CompanionRow {
  readonly table: string
  readonly values: readonly (string | number | null)[]
}

/**
 * Everything that one process has to make durable now, written in one transaction, all or nothing.
 * Invariant: a batch touches a run's live row at most once. The flusher ensures it.
 */
export interface FlushBatch {
  /** Null: the process is not a worker. Then the batch may only have starts that are not `running`, messages, events and companions. */
  readonly worker: WorkerId | null
  readonly starts: readonly StartRow[]
  readonly journal: readonly JournalRow[]
  readonly finishes: readonly FinishRow[]
  readonly parks: readonly ParkRow[]
  /** Messages taken from the inbox; their receipts are in `journal`. */
  readonly received: readonly { readonly org: OrgId; readonly run: RunId; readonly id: string }[]
  readonly messages: readonly Message[]
  readonly logs: readonly LogRow[]
  readonly progress: readonly ProgressRow[]
  readonly events: readonly EventRow[]
  readonly companions: readonly CompanionRow[]
}

export interface FlushResult {
  /** Runs that were not parked because they had been poked. The worker must read their inbox. */
  readonly kept: readonly RunId[]
  /** Runs that this batch made ready (woken by a message, admitted by a released limit). Worth a notification. */
  readonly readied: readonly { readonly run: RunId; readonly queue: string }[]
  /** Starts with state `running` that became `ready` instead, because their queue is paused. */
  readonly held: readonly RunId[]
  /** Running runs that this batch poked, with the worker that holds each. A poke says that there is a message or a request to pause. */
  readonly poked: readonly { readonly run: RunId; readonly worker: WorkerId }[]
}

/** The argument of a transactional step's body: queries in the transaction that also records the step. */
export interface SqlTransaction {
  query<R = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<{ readonly rows: R[]; readonly rowCount: number }>
}

export interface WorkerInfo {
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly queues: readonly string[]
  readonly slots: number
  readonly steps: readonly string[]
  /** Orgs that it serves. Null: all. */
  readonly orgs: readonly OrgId[] | null
}

export interface ClaimRequest {
  readonly worker: WorkerId
  readonly queues: readonly string[]
  readonly orgs: readonly OrgId[] | null
  readonly limit: number
}

/**
 * How many due runs of a queue a claim looks at. More than it takes, so that many due runs of one org do not hide those of the others until
 * they were all claimed.
 */
export const DUE_LOOK_MAX = 1000

export interface Claim {
  readonly runs: readonly ClaimedRun[]
  /** Queues in which due runs became ready, to be taken by another claim: other workers may wait for them. */
  readonly readied: readonly string[]
}

/** A run handed to a worker. Its state is now `running` with this worker. */
export interface ClaimedRun extends RunRow {
  readonly wakes: number
  readonly nextSeq: number
  readonly base: number
  /** How many workers were lost while they executed this run, since it last made progress. */
  readonly crashes: number
  /** A worker held the run before, and may have begun its first commands. */
  readonly begun: boolean
  readonly holds: boolean
  readonly pauseRequested: boolean
}

export interface BeatRequest {
  /** How long this worker may be silent from now on, and how long others may be, unless they asked for more. */
  readonly leaseMs: number
  readonly queues: readonly string[]
  /** The runs of this worker that only wait. If the worker is lost, that does not count against them. */
  readonly idle: readonly RunId[]
}

export interface Beat {
  /** False: this worker is fenced. */
  readonly alive: boolean
  readonly now: Millis
  /** Runs of this worker with unread messages or a request to pause. */
  readonly poked: readonly RunId[]
  /** The given queues have ready runs. */
  readonly ready: boolean
  /** The earliest `at` of waiting runs, or null. */
  readonly nextAt: Millis | null
  /** Runs that this call took from workers that had stopped beating. */
  readonly reaped: number
  /** Some runs without a worker are past their deadline: call `expire`. */
  readonly overdue: boolean
}

export type StoredBundle = { readonly code: string; readonly manifest: JsonText; readonly map: string | null }

/** A key that stands for one run of a workflow, for as long as the window lasts. */
export interface Dedupe {
  readonly key: string
  readonly windowMs: number
  /** `after_failure`: this start may use the key once its run has failed, timed out or been cancelled. Absent: never. */
  readonly reuse?: 'never' | 'after_failure'
}

/**
 * A start with keys or limits, decided in one transaction. Keys belong to a workflow of an org. The run takes all its limits or none: then
 * it is gated on the first full one. A delayed start takes its limits when its time has come; until then it is `gated` on the first one,
 * with `at`.
 */
export interface AdmittedStart extends RunRow {
  /** The worker that holds the run which starts this one. If it is fenced, nothing is started (`Fenced`). Absent: a caller's start. */
  readonly worker?: WorkerId
  readonly at: Millis | null
  /** A second start with the same key within the window starts no run. Its outcome names the first run. */
  readonly dedupe: Dedupe | null
  readonly debounce: { readonly key: string; readonly delayMs: number; readonly maxDelayMs: number | null } | null
  /** Limits that the run holds from its admission to its end, in the order in which they are tried. */
  readonly concurrency: readonly {
    readonly limit: string
    readonly max: number
    readonly onFull: 'queue' | 'cancel_in_progress' | 'cancel_newest'
  }[]
  /** Starts of one rate are at least periodMs / max apart, whenever they arrive (GCRA without a burst). */
  readonly rate: { readonly limit: string; readonly max: number; readonly periodMs: number } | null
  /** Written in the same transaction, and only if the outcome is `started`. */
  readonly event?: EventRow
}

/** A start without keys, limits and worker. A claim takes the run. */
export interface PlainStartRow extends RunRow {
  readonly at: Millis | null
  readonly event: EventRow
}

export type StartOutcome =
  | { readonly type: 'started'; readonly run: RunId; readonly state: RunState; readonly cancelled: readonly RunId[] }
  | { readonly type: 'existing'; readonly run: RunId }
  /** A pending debounced run took the new input and time. */
  | { readonly type: 'debounced'; readonly run: RunId }
  /** `cancel_newest`: the run is recorded as cancelled. */
  | { readonly type: 'refused'; readonly run: RunId }

export type DeliverOutcome =
  | { readonly type: 'delivered'; readonly worker: WorkerId | null; readonly queue: string }
  | { readonly type: 'finished' }
  | { readonly type: 'unknown' }

export interface LiveRow {
  readonly org: OrgId
  readonly run: RunId
  readonly workflow: string
  readonly bundle: string
  readonly queue: string
  readonly state: RunState
  readonly priority: Priority
  readonly at: Millis | null
  readonly worker: WorkerId | null
  readonly crashes: number
  readonly waits: readonly Wait[]
  readonly reason: string | null
  /** The limit that a gated run waits for. */
  readonly gate: string | null
  readonly pauseRequested: boolean
  readonly nextSeq: number
  readonly base: number
}

/** How much work there is over all orgs, for the operators of the installation. */
export interface Depths {
  readonly live: Readonly<Record<RunState, number>>
  /**
   * How long the oldest ready run has waited for a worker; 0 if no run waits. A run in a paused queue waits for a person and does not
   * count.
   */
  readonly oldestReadyMs: Millis
}

/**
 * Control operations take `tx`, a transaction of the caller, so that a use case can perform them together with its audit entry. Without it
 * each has a transaction of its own. After committing, the caller calls `engine.nudge()`.
 */
export interface Store<Tx = unknown> {
  /** The database's time. */
  now(): Promise<Millis>
  register(info: WorkerInfo): Promise<{ worker: WorkerId; now: Millis }>
  /**
   * Fences a registration and makes its runs ready at once (after a graceful stop, or for an abandoned registration). A loss counted for it is
   * taken back, because its process lives. Returns how many runs.
   */
  retire(worker: WorkerId): Promise<number>
  /**
   * One statement: renews this worker's lease, fences workers that were silent for too long and hands on their runs, and reports what this
   * worker has to do. A worker that was silent itself fences no other: whatever silenced it may have silenced all.
   */
  beat(worker: WorkerId, request: BeatRequest): Promise<Beat>
  /** Throws Fenced, Ambiguous or Refused. */
  flush(batch: FlushBatch): Promise<FlushResult>
  /**
   * One transaction for a transactional step: runs `body` with a query function, writes the journal row that it returns under the worker's
   * fence, and commits. An error thrown by `body` rolls back and is rethrown. Throws Fenced or Ambiguous like `flush`. Absent in a store
   * without SQL.
   */
  transact?(worker: WorkerId, body: (tx: SqlTransaction) => Promise<JournalRow>): Promise<JournalRow>
  /**
   * Takes ready runs and waiting runs that are due: fair over orgs (round robin), and within an org by rank (time of readiness less a bonus
   * for priority). Due runs that it looked at and did not take become ready. Throws Fenced.
   */
  claim(request: ClaimRequest): Promise<Claim>
  /** Journal rows with seq >= from, ordered by seq. */
  history(org: OrgId, run: RunId, from: number): Promise<readonly JournalRow[]>
  /** Unread messages, oldest first, with the live row's `wakes` read no later than the messages, and whether a pause is requested. */
  inbox(
    org: OrgId,
    run: RunId,
  ): Promise<{ readonly wakes: number; readonly pauseRequested: boolean; readonly messages: readonly Message[] } | null>
  progress(org: OrgId, run: RunId, cmd: number): Promise<JsonText | null>

  /** Writes events, in the caller's transaction or in one of its own. */
  emit(events: readonly EventRow[], tx?: Tx): Promise<void>
  /** Throws HeldByAncestor, and Fenced for a start of a fenced worker or of a child whose parent has ended and would have stopped it. */
  startAdmitted(start: AdmittedStart, tx?: Tx): Promise<StartOutcome>
  /**
   * Starts runs without keys and limits, all in one statement of the caller's transaction. Returns those that did not exist; the others
   * stay unchanged. Absent in a store without SQL.
   */
  startPlain?(starts: readonly PlainStartRow[], tx: Tx): Promise<ReadonlySet<RunId>>
  /**
   * Puts a message into a run's inbox. A cancellation ends at once a run that needs no worker for that: it has not begun, or it is blocked. It
   * wakes a paused run. A termination ends at once every run that no worker holds (ready, gated, waiting, paused, blocked), without
   * its code.
   */
  deliver(message: Message, tx?: Tx): Promise<DeliverOutcome>
  /**
   * Times out runs past their deadline that no worker holds. Those that have not begun or are blocked end; a paused one becomes ready, so that
   * its cleanup runs. Returns the queues with runs that became ready.
   */
  expire(): Promise<readonly string[]>
  /**
   * Sets or clears the request to pause. A ready or waiting run is paused at once; others keep the request. Clearing makes a paused run
   * ready (or waiting again, if it was delayed, never began and its time has not come).
   */
  setPause(org: OrgId, run: RunId, paused: boolean, tx?: Tx): Promise<DeliverOutcome>
  /**
   * Makes a blocked run ready again and resets its crash count. With `bundle`, pins it to that bundle from now on (a `version` row), and
   * continues a paused run too. False if it is neither.
   */
  unblock(org: OrgId, run: RunId, bundle: string | null, tx?: Tx): Promise<boolean>
  /**
   * A new, ready run whose journal is a copy of `source`'s rows below `beforeSeq`, with their numbers. `edits` (by cmd) replace outputs of
   * steps in the last of the copied generations. False: there is no such run any more.
   */
  fork(
    source: { readonly org: OrgId; readonly run: RunId; readonly beforeSeq: number },
    target: RunRow,
    edits: ReadonlyMap<number, { readonly output: JsonText }>,
    tx?: Tx,
  ): Promise<boolean>
  /**
   * Deletes ended runs with all that they hold: input, journal, result, logs, keys, and blobs that no other run uses. Their events stay.
   * Returns those it deleted. It leaves runs that have not ended, and those whose parent has not: it may start them again while it is replayed,
   * and must then find them.
   */
  deleteRuns(org: OrgId, runs: readonly RunId[], tx?: Tx): Promise<readonly RunId[]>
  /** Deletes events in the caller's transaction. Returns how many there were. Absent in a store without SQL. */
  deleteEvents?(org: OrgId, events: readonly EventPlace[], tx: Tx): Promise<number>
  setLimit(org: OrgId, limit: string, max: number | null, tx?: Tx): Promise<void>
  /** Stops or resumes claims from a queue. */
  setQueuePaused(org: OrgId, queue: string, paused: boolean, tx?: Tx): Promise<void>

  live(org: OrgId, run: RunId): Promise<LiveRow | null>
  /** The runs that hold places of a limit, oldest first, at most `limit` of them. */
  holders(org: OrgId, name: string, limit: number): Promise<readonly RunId[]>
  run(org: OrgId, run: RunId): Promise<RunRow | null>
  result(org: OrgId, run: RunId): Promise<FinishRow | null>
  /** Live runs of a workflow (of all if null), by run id after `after`, for deploy checks. */
  liveRuns(org: OrgId, workflow: string | null, after: RunId | null, limit: number): Promise<readonly LiveRow[]>

  /** The hash names code and manifest, so those of a stored bundle stay. A new `map` (its source map) replaces the stored one; null does not. */
  saveBundle(org: OrgId, hash: string, code: string, manifest: JsonText, map?: string | null, tx?: Tx): Promise<void>
  bundle(org: OrgId, hash: string): Promise<StoredBundle | null>
  /** Sets the bundle that new starts of a workflow use. */
  setDefault(org: OrgId, workflow: string, bundle: string, tx?: Tx): Promise<void>
  defaultBundle(org: OrgId, workflow: string): Promise<string | null>

  /** Reads the whole of a narrow table. */
  depths(): Promise<Depths>
  /** The number of rows of each invariant view that has any. Empty when all invariants hold. */
  violations(): Promise<readonly { readonly invariant: string; readonly rows: number }[]>
  close(): Promise<void>
}

/** Hints between processes. A lost one costs latency, never correctness. */
export interface Notifier {
  /** Coalesces hints and sends them after the commit. */
  send(hint: Hint): void
  listen(handler: (hint: Hint) => void): () => void
  close(): Promise<void>
}

export type Hint =
  | { readonly type: 'ready'; readonly queue: string }
  | { readonly type: 'poke'; readonly worker: WorkerId; readonly run: RunId }
  | { readonly type: 'done'; readonly run: RunId }
  | { readonly type: 'events' }
  /** Work of the host becomes due at this time. */
  | { readonly type: 'due'; readonly at: Millis }
