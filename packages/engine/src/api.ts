/** What the host of the engine (core, a benchmark, a test) calls. `services/engine/create-engine.ts` makes one. */
import type { ClaimedRun, CompanionRow, DeliverOutcome, FinishRow, Millis, OrgId, RunId, StartOutcome, Store, Wait } from './store/store.ts'
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

export interface Engine<Tx = unknown> {
  readonly store: Store<Tx>
  /** The database's clock as this process knows it. */
  now(): Millis
  /**
   * Resolves once the start is durable. Plain starts share a group commit; those with keys, limits or `tx` make their own transaction (or
   * use the caller's; then call `nudge` after commit).
   */
  start(request: StartRequest, tx?: Tx): Promise<StartOutcome | StartProblem>
  /** Several in the caller's transaction, as `start` would one by one; plain ones share a statement. Call `nudge` after the commit. */
  startMany(requests: readonly StartRequest[], tx: Tx): Promise<readonly (StartOutcome | StartProblem)[]>
  /** Resolves with the final result, or null when `timeoutMs` passes first. */
  result(org: OrgId, run: RunId, timeoutMs: number): Promise<RunAnswer | null>
  /** The process is about to stop: whoever waits for a result, now or later, gets what there is at once. */
  endWaits(): void
  /** The validator's issues if `payload` does not fit is the receiving workflow's business: a signal is stored as it is. */
  signal(org: OrgId, run: RunId, name: string, payload: Json, options?: { readonly id?: string }, tx?: Tx): Promise<DeliverOutcome>
  /** Asks the workflow to stop (its cleanup runs). `terminate`: at once, without cleanup, if no worker has it. */
  cancel(org: OrgId, run: RunId, reason: string, options?: { readonly terminate?: boolean }, tx?: Tx): Promise<DeliverOutcome>
  pause(org: OrgId, run: RunId, tx?: Tx): Promise<DeliverOutcome>
  /** Continues a paused or a blocked run; `version` moves it to another bundle. */
  resume(org: OrgId, run: RunId, options?: { readonly version?: string }, tx?: Tx): Promise<DeliverOutcome>
  /** A new run that repeats a finished one from its failed step (same idempotency keys). `edits` replace the outcome of steps, by cmd. */
  retry(org: OrgId, run: RunId, changes?: RunChanges, tx?: Tx): Promise<{ readonly run: RunId } | null>
  /** A new run with the history of another below journal row `fromSeq`. */
  fork(org: OrgId, run: RunId, fromSeq: number, changes?: RunChanges, tx?: Tx): Promise<{ readonly run: RunId } | null>
  /** Replays the run's history without effects and asks its query handler. */
  query(
    org: OrgId,
    run: RunId,
    name: string,
    args: Json,
  ): Promise<{ readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: Failure } | null>
  why(org: OrgId, run: RunId): Promise<Why>
  deploy(org: OrgId, bundle: BuiltBundle, tx?: Tx): Promise<void>
  /** Replays every live run of the bundle's workflows against it. */
  checkDeploy(org: OrgId, bundle: BuiltBundle): AsyncIterable<DeployFinding>
  /** After the caller's own transaction committed: tells workers of these runs. */
  nudge(runs: readonly RunId[]): void
  /** Sends a `due` hint to all processes: the host's own clockwork listens for it. */
  tellDue(at: Millis): void
  /** Registers as a worker and takes runs. */
  work(options: WorkOptions): Promise<Worker>
  close(): Promise<void>
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

export type { ClaimedRun }
