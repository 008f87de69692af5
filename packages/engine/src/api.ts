/** The interface that the engine's host calls (core, benchmarks, tests). `services/engine/create-engine.ts` implements it. */
import type {
  CompanionRow,
  Dedupe,
  DeliverOutcome,
  EventPlace,
  EventRow,
  FinishRow,
  Millis,
  OrgId,
  RunId,
  StartOutcome,
  Wait,
} from './store/store.ts'
import type { Authority, Failure, Json, Manifest, Priority } from './workflow/protocol.ts'
import type { StepSource } from './workflow/step-source.ts'

export interface StartRequest {
  readonly org: OrgId
  readonly workflow: string
  /** Hash of a bundle. Absent: the workflow's default version. */
  readonly version?: string
  readonly input: Json
  /** What the run may do. Absent: nothing that needs a scope; and internal workflows do not exist for such a start. */
  readonly authority?: Authority
  /** A UUID v7 chosen by the caller, which makes the start idempotent. Absent: a new one. */
  readonly runId?: RunId
  readonly queue?: string
  readonly priority?: Priority
  readonly tags?: readonly string[]
  /** The earliest time of the start, ms since the epoch. */
  readonly at?: Millis
  readonly timeoutMs?: number
  readonly dedupe?: Dedupe
  readonly debounce?: { readonly key: string; readonly delayMs: number; readonly maxDelayMs?: number }
  readonly concurrencyKey?: string
  /** At most one run at a time has this key, across all workflows. Applies in addition to the limits that the workflow declares. */
  readonly exclusiveKey?: string
}

/** A start that shares a group commit with rows of the host's own tables. */
export interface StartWithCompanions extends StartRequest {
  /** Rows that commit together with the start, built from the run's id. */
  readonly companions?: (run: RunId) => readonly CompanionRow[]
}

export type RunAnswer = Pick<FinishRow, 'status' | 'output' | 'error' | 'at'>

export type StartProblem =
  | { readonly type: 'no_such_workflow'; readonly workflow: string }
  | { readonly type: 'no_such_version'; readonly workflow: string; readonly version: string }
  | { readonly type: 'invalid_input'; readonly issues: readonly { readonly path: string; readonly message: string }[] }

/** `not_stopped`: the run is neither paused nor blocked, so it was not moved to the version. */
export type ResumeOutcome = DeliverOutcome | { readonly type: 'not_stopped' }

/** The answer to "why is this run not running?". */
export interface Why {
  readonly state: 'gone' | 'ready' | 'running' | 'waiting' | 'gated' | 'paused' | 'blocked'
  /** One sentence for a person to read. */
  readonly summary: string
  readonly waits: readonly Wait[]
  readonly facts: Readonly<Record<string, Json>>
}

/** Whether a live run could continue on a build. */
export interface DeployFinding {
  readonly run: RunId
  readonly workflow: string
  readonly ok: boolean
  readonly reason: string | null
}

/** What a copy of a run changes. */
export interface RunChanges {
  /** Step outputs, by cmd, that replace the recorded ones. */
  readonly edits?: ReadonlyMap<number, Json>
  /** Hash of the bundle to use instead of the run's own. A run of an internal workflow takes only one that has no other workflows. */
  readonly version?: string
}

export interface BuiltBundle {
  readonly hash: string
  readonly code: string
  readonly manifest: Manifest
  /** Source map of the code (ECMA-426), for the stacks of errors. No part of what the hash names. Absent: stacks show places in the code. */
  readonly map?: string
}

/**
 * What every engine can do, whether its state is in PostgreSQL (`createEngine`) or in a cluster of another system. Every promise resolves
 * once the effect is durable.
 */
export interface Engine {
  /** The engine's time, as this process knows it. */
  now(): Millis
  start(request: StartRequest): Promise<StartOutcome | StartProblem>
  /** Resolves with the final result, or with null when `timeoutMs` passes first. */
  result(org: OrgId, run: RunId, timeoutMs: number): Promise<RunAnswer | null>
  /** Call when the process is about to stop: every wait for a result, present or future, is answered at once. */
  endWaits(): void
  /** Stores the payload as it is; the receiving workflow decides whether it is valid. Repeating an `id` has no effect. */
  signal(org: OrgId, run: RunId, name: string, payload: Json, options?: { readonly id?: string }): Promise<DeliverOutcome>
  /** Asks the workflow to stop, so that its cleanup runs. `terminate`: ends it at once, without cleanup. */
  cancel(org: OrgId, run: RunId, reason: string, options?: { readonly terminate?: boolean }): Promise<DeliverOutcome>
  pause(org: OrgId, run: RunId): Promise<DeliverOutcome>
  /** Continues a paused or blocked run. `version` moves it to another bundle, as in `RunChanges`. */
  resume(org: OrgId, run: RunId, options?: { readonly version?: string }): Promise<ResumeOutcome>
  /**
   * A new run that repeats a finished one from its failed step, or from the request to stop, with the same idempotency keys. Null: the run
   * has not ended or does not exist.
   */
  retry(org: OrgId, run: RunId, changes?: RunChanges): Promise<{ readonly run: RunId } | null>
  /** A new run with the other run's journal rows below `fromSeq`. Null: there is no such run. */
  fork(org: OrgId, run: RunId, fromSeq: number, changes?: RunChanges): Promise<{ readonly run: RunId } | null>
  /** Replays the run's history without effects, then asks its query handler. */
  query(
    org: OrgId,
    run: RunId,
    name: string,
    args: Json,
  ): Promise<{ readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: Failure } | null>
  why(org: OrgId, run: RunId): Promise<Why>
  /** Loads code as a worker would, and returns its own description. Rejects with the reason if it cannot be loaded. */
  describeBundle(org: OrgId, code: string): Promise<Manifest>
  /** Stores a bundle and makes it the default version of its workflows. @throws InternalWorkflow if one of them is internal */
  deploy(org: OrgId, bundle: BuiltBundle): Promise<void>
  /** Stores a bundle without making it a default. A start names it by its hash. */
  saveBundle(org: OrgId, bundle: BuiltBundle): Promise<void>
  /** Replays every live run of the bundle's workflows against the bundle. */
  checkDeploy(org: OrgId, bundle: BuiltBundle): AsyncIterable<DeployFinding>
  /**
   * Deletes ended runs with all that they hold: input, history, logs, keys, and stored payloads that no other run uses. Their events stay.
   * Returns those it deleted: it leaves runs that have not ended, and those whose parent has not.
   */
  deleteRuns(org: OrgId, runs: readonly RunId[]): Promise<readonly RunId[]>
  /** Sets how many runs may hold a limit at once, overriding what workflows declare. Null: back to the declared number. */
  setLimit(org: OrgId, limit: string, max: number | null): Promise<void>
  /** Workers take no runs from a paused queue. */
  setQueuePaused(org: OrgId, queue: string, paused: boolean): Promise<void>
  /** Sends a `due` hint to all processes, which the host's schedulers listen for. */
  announceDue(at: Millis): void
  /** Registers a worker that takes runs. */
  work(options: WorkOptions): Promise<Worker>
  close(): Promise<void>
}

/**
 * An engine whose state is in the host's own database. With `tx` (the caller's transaction) an operation takes effect when that transaction
 * commits, or not at all, and the caller calls `nudge` afterwards. Without `tx` an operation has a transaction of its own.
 */
export interface TransactionalEngine<Tx = unknown> extends Engine {
  /**
   * Sets `now` to the database's time and keeps it there. Until this resolves, and without it in a process that has no worker, `now` is the
   * machine's time.
   */
  keepTime(): Promise<void>
  /** Without `tx`, starts without keys or limits share a group commit. */
  start(request: StartWithCompanions, tx?: Tx): Promise<StartOutcome | StartProblem>
  /** Several starts with the same effect as one `start` each. Plain ones share a statement. */
  startMany(requests: readonly StartRequest[], tx: Tx): Promise<readonly (StartOutcome | StartProblem)[]>
  signal(org: OrgId, run: RunId, name: string, payload: Json, options?: { readonly id?: string }, tx?: Tx): Promise<DeliverOutcome>
  cancel(org: OrgId, run: RunId, reason: string, options?: { readonly terminate?: boolean }, tx?: Tx): Promise<DeliverOutcome>
  pause(org: OrgId, run: RunId, tx?: Tx): Promise<DeliverOutcome>
  resume(org: OrgId, run: RunId, options?: { readonly version?: string }, tx?: Tx): Promise<ResumeOutcome>
  retry(org: OrgId, run: RunId, changes?: RunChanges, tx?: Tx): Promise<{ readonly run: RunId } | null>
  fork(org: OrgId, run: RunId, fromSeq: number, changes?: RunChanges, tx?: Tx): Promise<{ readonly run: RunId } | null>
  deploy(org: OrgId, bundle: BuiltBundle, tx?: Tx): Promise<void>
  setLimit(org: OrgId, limit: string, max: number | null, tx?: Tx): Promise<void>
  setQueuePaused(org: OrgId, queue: string, paused: boolean, tx?: Tx): Promise<void>
  deleteRuns(org: OrgId, runs: readonly RunId[], tx?: Tx): Promise<readonly RunId[]>
  /** Deletes events, also those of the engine itself. Returns how many there were. */
  deleteEvents(org: OrgId, events: readonly EventPlace[], tx: Tx): Promise<number>
  /** Appends to the log that also holds the engine's own events. */
  appendEvents(events: readonly EventRow[], tx?: Tx): Promise<void>
  /** Notifies workers of these runs. Call it after your own transaction has committed. */
  nudge(runs: readonly RunId[]): void
}

export interface WorkOptions {
  readonly queues?: readonly string[]
  readonly orgs?: readonly OrgId[] | null
  /** How many runs the worker holds at once. Parked runs do not count. */
  readonly slots?: number
  readonly steps: StepSource
}

export type { StepImplementation, StepSource } from './workflow/step-source.ts'

export interface Worker {
  readonly id: string
  /** Stops claiming, lets step bodies in progress finish for up to `graceMs`, then hands over the remaining runs. */
  stop(options?: { readonly graceMs?: number }): Promise<void>
  readonly activeRuns: number
}
