/** What the host of the engine (core, a benchmark, a test) calls. `services/engine/create-engine.ts` makes one. */
import type { CompanionRow, DeliverOutcome, EventRow, FinishRow, Millis, OrgId, RunId, StartOutcome, Wait } from './store/store.ts'
import type { Failure, Json, Manifest, Priority } from './workflow/protocol.ts'
import type { StepSource } from './workflow/step-source.ts'

export interface StartRequest {
  readonly org: OrgId
  readonly workflow: string
  /** Hash of a bundle; absent: the workflow's default. */
  readonly version?: string
  readonly input: Json
  /** A UUID v7 chosen by the caller (makes the start idempotent); absent: a new one. */
  readonly runId?: RunId
  readonly queue?: string
  readonly priority?: Priority
  readonly tags?: readonly string[]
  /** Not before this time, ms since the epoch. */
  readonly at?: Millis
  readonly timeoutMs?: number
  readonly dedupe?: { readonly key: string; readonly windowMs: number }
  readonly debounce?: { readonly key: string; readonly delayMs: number; readonly maxDelayMs?: number }
  readonly concurrencyKey?: string
  /** One run at a time among all with this key, of whatever workflow, beside the limits that the workflow declares. */
  readonly exclusiveKey?: string
}

/** A start that shares a group commit with rows of the host's own tables. */
export interface StartWithCompanions extends StartRequest {
  /** Rows that commit together with the start; given the run's id. */
  readonly companions?: (run: RunId) => readonly CompanionRow[]
}

export type RunAnswer = Pick<FinishRow, 'status' | 'output' | 'error' | 'at'>

export type StartProblem =
  | { readonly type: 'no_such_workflow'; readonly workflow: string }
  | { readonly type: 'no_such_version'; readonly workflow: string; readonly version: string }
  | { readonly type: 'invalid_input'; readonly issues: readonly { readonly path: string; readonly message: string }[] }

/** A live run's answer to "why is it not running?". */
export interface Why {
  readonly state: 'gone' | 'ready' | 'running' | 'waiting' | 'gated' | 'paused' | 'blocked'
  /** One sentence for people. */
  readonly summary: string
  readonly waits: readonly Wait[]
  readonly facts: Readonly<Record<string, Json>>
}

/** Whether a build could carry on a live run. */
export interface DeployFinding {
  readonly run: RunId
  readonly workflow: string
  readonly ok: boolean
  readonly reason: string | null
}

/** How a copy of a run differs from it. */
export interface RunChanges {
  /** Outputs of steps, by cmd, instead of what they returned. */
  readonly edits?: ReadonlyMap<number, Json>
  /** Hash of a bundle, instead of the run's own. */
  readonly version?: string
}

export interface BuiltBundle {
  readonly hash: string
  readonly code: string
  readonly manifest: Manifest
}

/**
 * What any engine can do, wherever it keeps its state: on PostgreSQL (`createEngine`), or on a cluster of another system. Every promise
 * resolves once the effect is durable.
 */
export interface Engine {
  /** The engine's clock as this process knows it. */
  now(): Millis
  start(request: StartRequest): Promise<StartOutcome | StartProblem>
  /** Resolves with the final result, or null when `timeoutMs` passes first. */
  result(org: OrgId, run: RunId, timeoutMs: number): Promise<RunAnswer | null>
  /** The process is about to stop: all who wait for a result, now or later, are answered at once. */
  endWaits(): void
  /** The payload is stored as it is: whether it fits is decided by the receiving workflow. A repeated `id` does nothing. */
  signal(org: OrgId, run: RunId, name: string, payload: Json, options?: { readonly id?: string }): Promise<DeliverOutcome>
  /** Asks the workflow to stop (its cleanup runs). `terminate`: at once, without cleanup, if no worker has it. */
  cancel(org: OrgId, run: RunId, reason: string, options?: { readonly terminate?: boolean }): Promise<DeliverOutcome>
  pause(org: OrgId, run: RunId): Promise<DeliverOutcome>
  /** Continues a paused or a blocked run; `version` moves it to another bundle. */
  resume(org: OrgId, run: RunId, options?: { readonly version?: string }): Promise<DeliverOutcome>
  /** A new run that repeats a finished one from its failed step (same idempotency keys). Null: it has not ended, or never was. */
  retry(org: OrgId, run: RunId, changes?: RunChanges): Promise<{ readonly run: RunId } | null>
  /** A new run with the history of another below journal row `fromSeq`. Null: no such run. */
  fork(org: OrgId, run: RunId, fromSeq: number, changes?: RunChanges): Promise<{ readonly run: RunId } | null>
  /** Replays the run's history without effects and asks its query handler. */
  query(
    org: OrgId,
    run: RunId,
    name: string,
    args: Json,
  ): Promise<{ readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: Failure } | null>
  why(org: OrgId, run: RunId): Promise<Why>
  /** Stores a bundle and makes it the default version of its workflows. */
  deploy(org: OrgId, bundle: BuiltBundle): Promise<void>
  /** Stores a bundle that is nothing's default: a start names it by its hash. */
  saveBundle(org: OrgId, bundle: BuiltBundle): Promise<void>
  /** Replays every live run of the bundle's workflows against it. */
  checkDeploy(org: OrgId, bundle: BuiltBundle): AsyncIterable<DeployFinding>
  /** How many runs may hold a limit at once, instead of what workflows declare; null: as they declare. */
  setLimit(org: OrgId, limit: string, max: number | null): Promise<void>
  /** A paused queue gives out no runs. */
  setQueuePaused(org: OrgId, queue: string, paused: boolean): Promise<void>
  /** Sends a `due` hint to all processes: the host's own clockwork listens for it. */
  announceDue(at: Millis): void
  /** Registers as a worker and takes runs. */
  work(options: WorkOptions): Promise<Worker>
  close(): Promise<void>
}

/**
 * An engine whose state is in the host's own database. With `tx`, a transaction of the caller's, an operation is part of it: it takes effect
 * with the commit, or not at all, and the caller calls `nudge` afterwards. Without, the operation has a transaction of its own.
 */
export interface TransactionalEngine<Tx = unknown> extends Engine {
  /** Without `tx`, starts that have no keys and no limits share a group commit. */
  start(request: StartWithCompanions, tx?: Tx): Promise<StartOutcome | StartProblem>
  /** Several starts, as `start` would one by one; plain ones share a statement. */
  startMany(requests: readonly StartRequest[], tx: Tx): Promise<readonly (StartOutcome | StartProblem)[]>
  signal(org: OrgId, run: RunId, name: string, payload: Json, options?: { readonly id?: string }, tx?: Tx): Promise<DeliverOutcome>
  cancel(org: OrgId, run: RunId, reason: string, options?: { readonly terminate?: boolean }, tx?: Tx): Promise<DeliverOutcome>
  pause(org: OrgId, run: RunId, tx?: Tx): Promise<DeliverOutcome>
  resume(org: OrgId, run: RunId, options?: { readonly version?: string }, tx?: Tx): Promise<DeliverOutcome>
  retry(org: OrgId, run: RunId, changes?: RunChanges, tx?: Tx): Promise<{ readonly run: RunId } | null>
  fork(org: OrgId, run: RunId, fromSeq: number, changes?: RunChanges, tx?: Tx): Promise<{ readonly run: RunId } | null>
  deploy(org: OrgId, bundle: BuiltBundle, tx?: Tx): Promise<void>
  setLimit(org: OrgId, limit: string, max: number | null, tx?: Tx): Promise<void>
  setQueuePaused(org: OrgId, queue: string, paused: boolean, tx?: Tx): Promise<void>
  /** Adds events to the log that the engine's own events are in. */
  appendEvents(events: readonly EventRow[], tx?: Tx): Promise<void>
  /** After the caller's own transaction committed: tells workers of these runs. */
  nudge(runs: readonly RunId[]): void
}

export interface WorkOptions {
  readonly queues?: readonly string[]
  readonly orgs?: readonly OrgId[] | null
  /** Runs in hand at once; parked ones do not count. */
  readonly slots?: number
  readonly steps: StepSource
}

export type { StepImplementation, StepSource } from './workflow/step-source.ts'

export interface Worker {
  readonly id: string
  /** Stops claiming, lets bodies in progress finish for up to `graceMs`, hands the rest on. */
  stop(options?: { readonly graceMs?: number }): Promise<void>
  readonly activeRuns: number
}
