/**
 * What crosses the border between the host and a workflow bundle. Only JSON text does: no host object is
 * ever reachable from workflow code. A bundle carries its own copy of the machine that speaks this protocol,
 * so an old bundle keeps its own semantics for ever; the host speaks every version it has ever spoken.
 */
export const PROTOCOL = 1

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A failure as it is journalled and shown. `retryable` false stops retries; `kind` tells the built-in ones apart. */
export interface Failure {
  readonly name: string
  readonly message: string
  readonly kind: 'error' | 'timeout' | 'cancelled' | 'non_retryable' | 'child_failed' | 'invalid'
  readonly stack?: string
  readonly details?: Json
}

/** One thing that happened to a run; delivering it is the only way in which a workflow moves. */
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
}

/**
 * One activation: at most one delivery for one run. `at` is the run's clock in ms since the epoch, taken from the
 * journal row being delivered. `replaying` is true while journalled rows remain behind this one.
 */
export interface Activation {
  readonly run: string
  readonly at: number
  readonly replaying: boolean
  readonly delivery: Delivery
}

/** What the workflow asked for. `cmd` counts 1, 2, 3 … within a generation, in the order of issue; it is the key of replay. */
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
   * Takes back an open command (the loser of a race, a cancelled scope): its outcome will not be delivered. Has no journal row of its
   * own.
   */
  | { readonly type: 'drop'; readonly cmd: number }
  /** A `patched(id)` marker taken in live code; the host journals it (kind `patch`). Never sent while replaying. */
  | { readonly type: 'patch'; readonly id: string }
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string; readonly data: Json | null }

/** Overrides at the call; what is absent comes from the step's own definition in the worker. */
export interface StepCallOptions {
  readonly timeoutMs?: number
  readonly retry?: RetryPolicy
  readonly queue?: string
}

/** How a step's failed attempts are repeated. Times in ms. */
export interface RetryPolicy {
  /** Attempts in all, the first one counted. */
  readonly maxAttempts: number
  readonly initialMs: number
  readonly factor: number
  /** Added with each further attempt: a second more each time grows 1, 2, 3 … seconds. */
  readonly incrementMs: number
  readonly maxMs: number
  readonly jitter: Jitter
  /** Names of errors that end the step at once. */
  readonly nonRetryable: readonly string[]
}

/** `full`: anywhere between 0 and the delay; `equal`: between half of it and all; `none`: exactly the delay. */
export type Jitter = 'full' | 'equal' | 'none'

export interface ChildOptions {
  /** Hash of a bundle. Absent: the parent's own, if it has the workflow, else the organization's default. */
  readonly version?: string
  readonly queue?: string
  readonly priority?: Priority
  readonly parentClose?: 'cancel' | 'abandon' | 'terminate'
  readonly tags?: readonly string[]
  readonly timeoutMs?: number
  readonly dedupeKey?: string
}

export type Priority = 'low' | 'normal' | 'high' | 'urgent'

/** How a workflow function ended, if it did. */
export type Completion =
  | { readonly type: 'succeeded'; readonly output: Json }
  | { readonly type: 'failed'; readonly error: Failure }
  | { readonly type: 'cancelled'; readonly timedOut: boolean }
  | { readonly type: 'continued'; readonly input: Json }

/** The answer to one activation. */
export interface Reaction {
  readonly run: string
  readonly commands: readonly Command[]
  readonly completion?: Completion
  readonly answer?:
    | { readonly id: number; readonly ok: true; readonly value: Json }
    | { readonly id: number; readonly ok: false; readonly error: Failure }
}

/** What a bundle says of itself (`__orrery.describe()`), taken once when it is built. */
export interface Manifest {
  readonly protocol: number
  readonly workflows: readonly WorkflowManifest[]
}

export interface WorkflowManifest {
  readonly name: string
  readonly description: string | null
  /** JSON Schema 2020-12 of the input and output, if their validators can tell. */
  readonly inputSchema: Json | null
  readonly outputSchema: Json | null
  readonly options: WorkflowOptions
  /** False: any input is taken, so that none has to be checked. Absent in bundles of old. */
  readonly validates?: boolean
}

/**
 * Declared limits are data, not functions, so that the host applies them without running workflow code. `key` is a path into the input
 * (`customer.id`).
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
