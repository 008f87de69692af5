/**
 * The port between the engine and where it keeps its state. Two implementations: `memory/` (simulation, tests)
 * and `postgres/`. `testing/store.suite.ts` is the definition of a correct one.
 *
 * Payloads cross this port as JSON text and are opaque here. A store moves any payload over BLOB_BYTES to its
 * blob table and back without the engine noticing.
 */
import type { Failure, Priority } from '../workflow/protocol.ts'

export const BLOB_BYTES = 64 * 1024

/** UUIDs in canonical text form. Run ids are version 7, so they sort by time and carry their partition. */
export type OrgId = string
export type RunId = string
/** One registration of one process. A fenced id never writes again; a process that continues takes a new one. */
export type WorkerId = string
/** JSON text. */
export type JsonText = string
/** Milliseconds since the epoch on the database's clock. */
export type Millis = number

export type RunState = 'ready' | 'running' | 'waiting' | 'gated' | 'paused' | 'blocked'
export type FinalStatus = 'succeeded' | 'failed' | 'cancelled' | 'timed_out'

export interface RunRow {
  readonly org: OrgId
  readonly run: RunId
  readonly workflow: string
  /** Hash of the bundle the run is pinned to. */
  readonly bundle: string
  readonly queue: string
  readonly priority: Priority
  readonly input: JsonText
  readonly tags: readonly string[]
  readonly createdAt: Millis
  /** The run whose command started it, and which command. */
  readonly parent: { readonly run: RunId; readonly cmd: number } | null
  /** Where a retry or a fork came from. `seed` feeds random(), uuid(); `keys` prefixes steps' idempotency keys. */
  readonly origin: { readonly kind: 'retry' | 'fork'; readonly run: RunId; readonly seq: number } | null
  readonly seed: string
  readonly keys: string
  /** The run's clock at its first activation: `createdAt`, but a retry's or fork's is its source's, so that replay sees the same times. */
  readonly clockAt: Millis
  /** Absolute time at which the run is timed out, or null. */
  readonly deadline: Millis | null
}

/** A start that needs no key, no limit. `at`: null starts now, otherwise not before that time. */
export interface StartRow extends RunRow {
  /** `running` takes it at once for the flushing worker; the others leave it to a claim. */
  readonly state: 'running' | 'ready' | 'waiting'
  readonly at: Millis | null
}

export type JournalKind =
  | 'step'
  | 'sleep'
  | 'signal'
  | 'child' // outcomes of commands, delivered to the workflow
  | 'cancel' // a cancellation or time-out request, delivered to the workflow
  | 'attempt' // a failed attempt of a step that will be tried again; not delivered
  | 'patch'
  | 'version'
  | 'generation' // markers; not delivered

export interface JournalRow {
  readonly org: OrgId
  readonly run: RunId
  /** 1, 2, 3 … over the whole life of the run, without gaps, in the order of delivery. */
  readonly seq: number
  readonly kind: JournalKind
  /** The command this answers; 0 for rows that answer none. */
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
  /** True if the run holds limits, which are released and passed on in the same transaction. */
  readonly holds: boolean
}

/** What a parked run waits for; shown by `why`. */
export type Wait =
  | { readonly type: 'timer'; readonly until: Millis }
  | { readonly type: 'signal'; readonly name: string; readonly until: Millis | null }
  | { readonly type: 'child'; readonly run: RunId; readonly workflow: string }
  | { readonly type: 'retry'; readonly step: string; readonly attempt: number; readonly until: Millis }

/**
 * Gives a run up. It is written only if the run was not poked since the worker last looked (`wakes` unchanged); otherwise the row stays
 * `running` with this worker and is reported in `kept`.
 */
export interface ParkRow {
  readonly org: OrgId
  readonly run: RunId
  readonly state: 'waiting' | 'paused' | 'blocked' | 'ready'
  readonly wakes: number
  /** When `waiting`: wake no later than this; null waits for a poke alone. */
  readonly at: Millis | null
  readonly waits: readonly Wait[]
  /** When `blocked`: why, for people. */
  readonly reason: string | null
  readonly nextSeq: number
  /** The seq of the `generation` row the current generation starts at; 0 for the first. */
  readonly base: number
}

/** A message to a run. A second one with the same id does nothing. */
export type Message = SignalMessage | ChildMessage | CancelMessage

interface MessageAddress {
  readonly org: OrgId
  readonly run: RunId
  readonly id: string
}

export interface SignalMessage extends MessageAddress {
  readonly kind: 'signal'
  readonly name: string
  readonly payload: JsonText | null
}

/** A child has ended: with an output, or with an error. */
export interface ChildMessage extends MessageAddress {
  readonly kind: 'child'
  /** The command of the parent that started the child. */
  readonly cmd: number
  readonly child: RunId
  readonly output: JsonText | null
  readonly error: Failure | null
}

/** Asks the workflow to stop. */
export interface CancelMessage extends MessageAddress {
  readonly kind: 'cancel'
  readonly reason: string
}

export interface EventRow {
  readonly org: OrgId
  readonly type: string
  readonly subject: string
  readonly data: JsonText
  readonly at: Millis
  /** The run whose work wrote it, if it is about something else. `emit` keeps it; events of a flush are about their runs. */
  readonly run?: RunId
}

export interface LogRow {
  readonly org: OrgId
  readonly run: RunId
  readonly cmd: number
  readonly attempt: number
  readonly at: Millis
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly data: JsonText | null
}

/** Last heartbeat details of a step in progress. */
export interface ProgressRow {
  readonly org: OrgId
  readonly run: RunId
  readonly cmd: number
  readonly attempt: number
  readonly at: Millis
  readonly details: JsonText
}

/**
 * Rows of a host's own table that must commit with the batch (an audit entry). `table` names a companion registered with the store;
 * `values` are its columns.
 */
export interface CompanionRow {
  readonly table: string
  readonly values: readonly (string | number | null)[]
}

/**
 * Everything one process has to make durable now, written in one transaction, all or nothing.
 * Invariant: a batch touches a run's live row at most once (the flusher sees to it).
 */
export interface FlushBatch {
  /** null: the process is no worker; then only starts that are not `running`, messages, events and companions may be present. */
  readonly worker: WorkerId | null
  readonly starts: readonly StartRow[]
  readonly journal: readonly JournalRow[]
  readonly finishes: readonly FinishRow[]
  readonly parks: readonly ParkRow[]
  /** Messages taken out of the inbox; their receipts are in `journal`. */
  readonly received: readonly { readonly org: OrgId; readonly run: RunId; readonly id: string }[]
  readonly messages: readonly Message[]
  readonly logs: readonly LogRow[]
  readonly progress: readonly ProgressRow[]
  readonly events: readonly EventRow[]
  readonly companions: readonly CompanionRow[]
}

export interface FlushResult {
  /** Parks that were not done because the run had been poked; the worker must look at its inbox. */
  readonly kept: readonly RunId[]
  /** Runs that became ready through this batch (woken by a message, admitted by a released limit); worth a notification. */
  readonly readied: readonly { readonly run: RunId; readonly queue: string }[]
  /** Running runs poked by this batch, with the worker that has them. */
  readonly poked: readonly { readonly run: RunId; readonly worker: WorkerId }[]
}

/** The worker was fenced: nothing of the batch was written, and nothing of this worker ever will be. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}

/** The connection broke: the batch may or may not have been written. The worker must abandon its registration. */
export class Ambiguous extends Error {
  override readonly name = 'Ambiguous'
}

/** The store refused the data of a batch (nothing written); the flusher bisects to find the row. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** What a transactional step gets: queries in the transaction that also records the step. */
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
  /** Orgs it serves; null serves all. */
  readonly orgs: readonly OrgId[] | null
}

export interface ClaimRequest {
  readonly worker: WorkerId
  readonly queues: readonly string[]
  readonly orgs: readonly OrgId[] | null
  readonly limit: number
}

/** A run handed to a worker: its state is now `running` with this worker. */
export interface ClaimedRun extends RunRow {
  readonly wakes: number
  readonly nextSeq: number
  readonly base: number
  /** How often a worker was lost with this run since it last made progress. */
  readonly crashes: number
  /** A worker had it before, which may have begun what the run asks for first. */
  readonly begun: boolean
  readonly holds: boolean
  readonly pauseRequested: boolean
}

export interface Beat {
  /** False: this worker is fenced. */
  readonly alive: boolean
  readonly now: Millis
  /** Runs of this worker that have unread messages or a pause request. */
  readonly poked: readonly RunId[]
  /** Ready runs exist in the given queues. */
  readonly ready: boolean
  /** The earliest `at` among waiting runs, or null. */
  readonly nextAt: Millis | null
  /** Runs taken back from workers that stopped beating, by this call. */
  readonly reaped: number
}

/**
 * A start with keys or limits; decided in one transaction. Keys belong to an org's workflow. All limits or none: gated on the first
 * that is full. A delayed start takes its limits when its time has come; until then it is `gated` on the first, with `at`.
 */
export interface AdmittedStart extends RunRow {
  /** The worker on whose run's behalf this is: once it is fenced, nothing is started (`Fenced`). Absent: a caller's start. */
  readonly worker?: WorkerId
  readonly at: Millis | null
  /** Same key within the window: no second run; the first one's id is the answer. */
  readonly dedupe: { readonly key: string; readonly windowMs: number } | null
  readonly debounce: { readonly key: string; readonly delayMs: number; readonly maxDelayMs: number | null } | null
  /** Limits to hold from admission to the end, in the order they are tried. */
  readonly concurrency: readonly {
    readonly limit: string
    readonly max: number
    readonly onFull: 'queue' | 'cancel_in_progress' | 'cancel_newest'
  }[]
  /** Starts of one rate are at least periodMs / max apart, however they arrive (GCRA without a burst). */
  readonly rate: { readonly limit: string; readonly max: number; readonly periodMs: number } | null
  /** Written in the same transaction if, and only if, the answer is `started`. */
  readonly event?: EventRow
}

/** A start that needs no key, no limit and no worker: it is left to a claim. */
export interface PlainStartRow extends RunRow {
  readonly at: Millis | null
  readonly event: EventRow
}

export type StartOutcome =
  | { readonly type: 'started'; readonly run: RunId; readonly state: RunState; readonly cancelled: readonly RunId[] }
  | { readonly type: 'existing'; readonly run: RunId }
  /** A pending debounced run took the new input and time. */
  | { readonly type: 'debounced'; readonly run: RunId }
  /** `cancel_newest`: recorded as a cancelled run. */
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
  /** The limit a gated run waits for. */
  readonly gate: string | null
  readonly pauseRequested: boolean
  readonly nextSeq: number
  readonly base: number
}

/** How much work there is, over all orgs: for the operators of the installation. */
export interface Depths {
  readonly live: Readonly<Record<RunState, number>>
  /** How long the first ready run has waited for a worker; 0 if none does. One in a paused queue waits for a person. */
  readonly oldestReadyMs: Millis
}

/**
 * Control operations take `tx`, a transaction of the caller's, so that a use case can do them together with its
 * audit entry; without it they make their own. After the caller's commit it calls `engine.nudge()`.
 */
export interface Store<Tx = unknown> {
  register(info: WorkerInfo): Promise<{ worker: WorkerId; now: Millis }>
  /** Fences a registration and hands its runs on at once (graceful stop, or an abandoned epoch). Returns how many were handed on. */
  retire(worker: WorkerId): Promise<number>
  /**
   * One statement: proves life, fences workers silent for longer than `leaseMs` and hands on their runs, reports what concerns this
   * worker.
   */
  beat(worker: WorkerId, leaseMs: number, queues: readonly string[]): Promise<Beat>
  /** Throws Fenced, Ambiguous or Refused. */
  flush(batch: FlushBatch): Promise<FlushResult>
  /**
   * One transaction for a transactional step: runs `body` with a query function, writes the journal row it returns under the
   * worker's fence, commits. Whatever `body` throws rolls back and is thrown on. Throws Fenced or Ambiguous as `flush` does. Absent where
   * the store has no SQL.
   */
  transact?(worker: WorkerId, body: (tx: SqlTransaction) => Promise<JournalRow>): Promise<JournalRow>
  /**
   * Due waiting runs first, then ready runs: fair over orgs (round robin), by rank (time of readiness less a bonus for priority) within
   * one. Throws Fenced.
   */
  claim(request: ClaimRequest): Promise<readonly ClaimedRun[]>
  /** Journal rows with seq >= from, ordered by seq. */
  history(org: OrgId, run: RunId, from: number): Promise<readonly JournalRow[]>
  /** Unread messages, oldest first, with the live row's `wakes` read no later than the messages; also whether a pause is wanted. */
  inbox(
    org: OrgId,
    run: RunId,
  ): Promise<{ readonly wakes: number; readonly pauseRequested: boolean; readonly messages: readonly Message[] } | null>
  progress(org: OrgId, run: RunId, cmd: number): Promise<JsonText | null>

  /** Writes events, in the caller's transaction or their own. */
  emit(events: readonly EventRow[], tx?: Tx): Promise<void>
  startAdmitted(start: AdmittedStart, tx?: Tx): Promise<StartOutcome>
  /**
   * Starts without keys and limits, all in one statement of the caller's transaction. Returns those that did not exist; the others stay
   * as they are. Absent where the store has no SQL.
   */
  startPlain?(starts: readonly PlainStartRow[], tx: Tx): Promise<ReadonlySet<RunId>>
  deliver(message: Message, tx?: Tx): Promise<DeliverOutcome>
  /**
   * Ends at once a run that no worker has (ready, gated, waiting, paused, blocked) without running its code. False if a worker has it or
   * it is not live.
   */
  terminate(org: OrgId, run: RunId, reason: string, tx?: Tx): Promise<boolean>
  /**
   * Sets or clears the wish to pause. A ready or waiting run is paused at once; others keep the wish. Clearing makes a paused run
   * ready (waiting again, if it was delayed, never began and its time has not come).
   */
  setPause(org: OrgId, run: RunId, paused: boolean, tx?: Tx): Promise<DeliverOutcome>
  /**
   * Makes a blocked run ready again, its crash count 0; with `bundle`, pinned to that one from now on (a `version` row). False if it is
   * not blocked.
   */
  unblock(org: OrgId, run: RunId, bundle: string | null, tx?: Tx): Promise<boolean>
  /**
   * A new run whose journal is a copy of `source`'s rows below `beforeSeq`, under their own numbers; steps of the last generation
   * among them are replaced by `edits` where given, keyed by cmd. It is ready.
   */
  fork(
    source: { readonly org: OrgId; readonly run: RunId; readonly beforeSeq: number },
    target: RunRow,
    edits: ReadonlyMap<number, { readonly output: JsonText }>,
    tx?: Tx,
  ): Promise<void>
  setLimit(org: OrgId, limit: string, max: number | null, tx?: Tx): Promise<void>
  /** Stops or releases claims of a queue. */
  setQueuePaused(org: OrgId, queue: string, paused: boolean, tx?: Tx): Promise<void>

  live(org: OrgId, run: RunId): Promise<LiveRow | null>
  run(org: OrgId, run: RunId): Promise<RunRow | null>
  result(org: OrgId, run: RunId): Promise<FinishRow | null>
  /** Live runs of a workflow (all if null), by run id after `after`; for deploy checks. */
  liveRuns(org: OrgId, workflow: string | null, after: RunId | null, limit: number): Promise<readonly LiveRow[]>

  saveBundle(org: OrgId, hash: string, code: string, manifest: JsonText, tx?: Tx): Promise<void>
  bundle(org: OrgId, hash: string): Promise<{ readonly code: string; readonly manifest: JsonText } | null>
  /** The bundle that new starts of a workflow use. */
  setDefault(org: OrgId, workflow: string, bundle: string, tx?: Tx): Promise<void>
  defaultBundle(org: OrgId, workflow: string): Promise<string | null>

  /** Reads the whole of a narrow table. */
  depths(): Promise<Depths>
  /** Rows of each invariant view that returned any; empty when all hold. */
  violations(): Promise<readonly { readonly invariant: string; readonly rows: number }[]>
  close(): Promise<void>
}

/** Hints between processes; losing one costs latency, never correctness. */
export interface Notifier {
  /** Coalesced; sent after commit. */
  send(hint: Hint): void
  listen(handler: (hint: Hint) => void): () => void
  close(): Promise<void>
}

export type Hint =
  | { readonly type: 'ready'; readonly queue: string }
  | { readonly type: 'poke'; readonly worker: WorkerId; readonly run: RunId }
  | { readonly type: 'done'; readonly run: RunId }
  | { readonly type: 'events' }
  /** Something of the host's is due at this time. */
  | { readonly type: 'due'; readonly at: Millis }
