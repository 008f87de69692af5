/**
 * The protocol between the host and a workflow bundle. Only JSON text crosses, so workflow code can reach no object of the host. A bundle
 * carries its own copy of the machine that speaks this protocol, so an old bundle keeps its semantics forever. The host must speak every
 * version that it has ever spoken.
 */
export const PROTOCOL = 1

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A failure as it is journalled and shown. `retryable` false stops retries. `kind` marks the built-in failures. */
export interface Failure {
  readonly name: string
  readonly message: string
  readonly kind: 'error' | 'timeout' | 'cancelled' | 'non_retryable' | 'child_failed' | 'invalid'
  readonly stack?: string
  readonly details?: Json
  /** Of the error's `cause`, a few levels deep. */
  readonly cause?: Failure
  /** Of an AggregateError, the first ones. */
  readonly errors?: readonly Failure[]
}

/**
 * What a run may do, in words of the host, which sets it with the start. The engine passes it on to copies and children of the run, never
 * wider, and no input, edit or later start changes it.
 */
export interface Authority {
  /** What the steps of the run may do. */
  readonly scopes: readonly string[]
  /** By name: scopes that a child has in addition, if an internal workflow of the host starts it with this name as `assume`. */
  readonly grants: Readonly<Record<string, readonly string[]>>
}

/** One event in a run. A workflow moves only when one is delivered to it. */
export type Delivery =
  | {
      readonly type: 'start'
      readonly workflow: string
      readonly input: Json
      readonly seed: string
      readonly info: RunInfo
      readonly patches: readonly string[]
    }
  | { readonly type: 'resolve'; readonly cmd: number; readonly value: Json }
  | { readonly type: 'reject'; readonly cmd: number; readonly error: Failure }
  | { readonly type: 'cancel'; readonly reason: string; readonly timedOut: boolean }
  | { readonly type: 'query'; readonly id: number; readonly name: string; readonly args: Json }
  | { readonly type: 'evict' }

export interface RunInfo {
  readonly runId: string
  readonly orgId: string
  readonly workflow: string
  readonly version: string
  readonly parentRunId: string | null
  /** Scopes that the steps of this run act with. Empty unless a pipeline or its caller granted some. */
  readonly scopes: readonly string[]
}

/**
 * At most one delivery for one run. `at` is the run's clock in ms since the epoch, taken from the journal row that is delivered.
 * `replaying` is true while journalled rows remain behind this one.
 */
export interface Activation {
  readonly run: string
  readonly at: number
  readonly replaying: boolean
  readonly delivery: Delivery
}

/** What the workflow asks for. `cmd` counts 1, 2, 3 … within a generation in the order of issue. Replay compares commands by it. */
export type Command =
  | { readonly type: 'step'; readonly cmd: number; readonly name: string; readonly args: Json; readonly options: StepCallOptions }
  | { readonly type: 'sleep'; readonly cmd: number; readonly until: number }
  | { readonly type: 'signal'; readonly cmd: number; readonly name: string; readonly until: number | null }
  | {
      readonly type: 'child'
      readonly cmd: number
      readonly workflow: string
      readonly input: Json
      readonly options: ChildOptions
      readonly detached: boolean
    }
  /**
   * Drops an open command (the loser of a race, a cancelled scope): its outcome will not be delivered. It has no journal row of its own.
   */
  | { readonly type: 'drop'; readonly cmd: number }
  /** Live code passed a `patched(id)` marker, which the host journals (kind `patch`). Never sent while replaying. */
  | { readonly type: 'patch'; readonly id: string }
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string; readonly data: Json | null }

/** Overrides at the call. The step's own definition in the worker supplies the rest. */
export interface StepCallOptions {
  readonly timeoutMs?: number
  readonly retry?: RetryPolicy
  readonly queue?: string
}

/** How failed attempts of a step are repeated. Times in ms. */
export interface RetryPolicy {
  /** All attempts, including the first. */
  readonly maxAttempts: number
  readonly initialMs: number
  readonly factor: number
  /** Added once more for each further attempt: 1000 adds 1, 2, 3 … seconds. */
  readonly incrementMs: number
  readonly maxMs: number
  readonly jitter: Jitter
  /** Names of errors that end the step without another attempt. */
  readonly nonRetryable: readonly string[]
}

/** `full`: between 0 and the delay. `equal`: between half the delay and the delay. `none`: exactly the delay. */
export type Jitter = 'full' | 'equal' | 'none'

export interface ChildOptions {
  /** Hash of a bundle. Absent: the parent's bundle if it contains the workflow, else the organization's default. */
  readonly version?: string
  readonly queue?: string
  readonly priority?: Priority
  readonly parentClose?: 'cancel' | 'abandon' | 'terminate'
  readonly tags?: readonly string[]
  readonly timeoutMs?: number
  /** Of all children of this workflow with the key, within 24 hours, only the first runs. The others have its outcome. */
  readonly dedupeKey?: string
  /** `after_failure`: the key of a run that failed, timed out or was cancelled can be used again. Absent: never. */
  readonly dedupeReuse?: 'never' | 'after_failure'
  /** For internal workflows: the grant of the run's authority that the child gets in addition. */
  readonly assume?: string
}

export type Priority = 'low' | 'normal' | 'high' | 'urgent'

/** How a workflow function ended. */
export type Completion =
  | { readonly type: 'succeeded'; readonly output: Json }
  | { readonly type: 'failed'; readonly error: Failure }
  | { readonly type: 'cancelled'; readonly timedOut: boolean }
  | { readonly type: 'continued'; readonly input: Json }

/** What one activation led to. */
export interface Reaction {
  readonly run: string
  readonly commands: readonly Command[]
  readonly completion?: Completion
  readonly answer?:
    | { readonly id: number; readonly ok: true; readonly value: Json }
    | { readonly id: number; readonly ok: false; readonly error: Failure }
}

/** A bundle's description of itself (`__orrery.describe()`), taken once when it is built. */
export interface Manifest {
  readonly protocol: number
  readonly workflows: readonly WorkflowManifest[]
}

export interface WorkflowManifest {
  readonly name: string
  readonly description: string | null
  /** JSON Schema 2020-12 of the input and output. Null if their validators cannot produce it. */
  readonly inputSchema: Json | null
  readonly outputSchema: Json | null
  readonly options: WorkflowOptions
  /** False: the workflow has no input validator, so no input needs a check. Absent in old bundles. */
  readonly validates?: boolean
}

/**
 * Limits are declared as data and not as functions, so that the host applies them without running workflow code. `key` is a path into the
 * input (`customer.id`).
 */
export interface WorkflowOptions {
  readonly timeoutMs?: number
  readonly queue?: string
  readonly priority?: Priority
  readonly concurrency?: {
    readonly limit: number
    readonly key?: string
    readonly onFull?: 'queue' | 'cancel_in_progress' | 'cancel_newest'
  }
  readonly rateLimit?: { readonly limit: number; readonly periodMs: number; readonly key?: string }
  readonly debounce?: { readonly delayMs: number; readonly key?: string; readonly maxDelayMs?: number }
}
