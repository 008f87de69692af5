import type { Duration } from '@orrery/recurrence/duration'
import type { ChildOptions, Json, RunInfo } from './protocol.ts'
import type { RetryOptions } from './retry.ts'
import type { Schema } from './standard-schema.ts'
import type { StepDefinition, StepLog, TxStepDefinition } from './step.ts'
import type { WorkflowDefinition } from './workflow-definition.ts'

export interface RunOptions {
  /** For one attempt. Overrides the step's own. */
  readonly timeout?: Duration
  /** Overrides the step's own. `false`: one attempt. */
  readonly retry?: RetryOptions | false
  /** A worker of this queue executes the step. */
  readonly queue?: string
}

export interface ChildCallOptions extends Omit<ChildOptions, 'timeoutMs' | 'assume'> {
  readonly timeout?: Duration
}

/** The input argument is optional for a step or workflow without input. */
// biome-ignore lint/suspicious/noConfusingVoidType: a body without parameters infers void, and undefined extends it
type Arguments<In, Options> = [In] extends [void]
  ? [input?: In, options?: Options]
  : unknown extends In
    ? [input?: In, options?: Options]
    : [input: In, options?: Options]

export type Thunk<T> = () => Promise<T> | T

/** A scope's promise, with a way to cancel the scope. */
export type ScopePromise<T> = Promise<T> & { cancel(reason?: string): void }

/**
 * What a workflow may do on every engine. Every operation that waits is a command. Commands are numbered in the order of the calls, so the
 * code between two waits may depend only on the input, earlier results and this object.
 */
export interface PortableContext {
  readonly info: RunInfo
  /** Runs a step and returns its value after a round trip through JSON. Throws StepFailedError when the last attempt failed. */
  run<In, Out>(step: StepDefinition<In, Out>, ...rest: Arguments<In, RunOptions>): Promise<Out>
  sleep(duration: Duration): Promise<void>
  /** Takes a Date or an ISO 8601 time with an offset. A past time ends the wait at once. */
  sleepUntil(time: Date | string): Promise<void>
  /**
   * The next message sent to this run under `name`. Messages that arrived earlier are kept in order. A payload that does not fit `schema`
   * is consumed and logged as a warning, and the wait continues. Throws TimeoutError when `timeout` passes first.
   */
  waitFor<Out>(name: string, schema: Schema<unknown, Out>, options?: { readonly timeout?: Duration }): Promise<Out>
  waitFor<Out = Json>(name: string, schema?: undefined, options?: { readonly timeout?: Duration }): Promise<Out>
  /** Runs another workflow and returns its output. Throws ChildFailedError if it does not succeed. */
  child<In, Out>(workflow: WorkflowDefinition<In, Out>, ...rest: Arguments<In, ChildCallOptions>): Promise<Out>
  child<Out = Json>(workflow: string, input?: Json, options?: ChildCallOptions): Promise<Out>
  /** Starts another workflow without waiting for it. Returns its run id. */
  start<In, Out>(workflow: WorkflowDefinition<In, Out>, ...rest: Arguments<In, ChildCallOptions>): Promise<string>
  start(workflow: string, input?: Json, options?: ChildCallOptions): Promise<string>
  /**
   * Runs at most `limit` thunks at once and returns their results in the order of the thunks. The first failure cancels the others and is
   * thrown.
   */
  all<const T extends readonly Thunk<unknown>[]>(
    thunks: T,
    options?: { readonly limit?: number },
  ): Promise<{ -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> }>
  map<Item, T>(
    items: readonly Item[],
    fn: (item: Item, index: number) => Promise<T> | T,
    options?: { readonly limit?: number },
  ): Promise<T[]>
  /**
   * The outcome of the first thunk that ends, whether it succeeds or fails. The commands of the others are dropped: they see
   * CancelledError.
   */
  race<const T extends readonly Thunk<unknown>[]>(thunks: T): Promise<Awaited<ReturnType<T[number]>>>
  /** A group of commands that `cancel` stops together, as cancelling a run does for all of its commands. */
  scope<T>(fn: Thunk<T>): ScopePromise<T>
  /** For cleanup: commands inside continue even if the run or the surrounding scope was cancelled. The run does not end before they do. */
  shield<T>(fn: Thunk<T>): Promise<T>
  /** The run's clock: the time of its latest event. */
  now(): Date
  random(): number
  uuid(): string
  /** False in a run that passed this point before the change `id` was made; true in every other run. */
  patched(id: string): boolean
  /** Ends this run's history and continues with an empty one under the same id. Commands issued after it are not carried out. */
  continueAsNew(input: unknown): never
  /** Registers a handler that answers queries from outside. It must not wait, change state or issue commands. */
  query<Args = Json>(name: string, handler: (args: Args) => unknown): void
  readonly log: StepLog
}

/** What a workflow may do on the PostgreSQL engine: in addition, run steps in its database. */
export interface Context extends PortableContext {
  run<In, Out>(step: StepDefinition<In, Out> | TxStepDefinition<In, Out>, ...rest: Arguments<In, RunOptions>): Promise<Out>
}
