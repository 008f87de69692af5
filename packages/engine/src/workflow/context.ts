import type { Duration } from '@orrery/recurrence/duration'
import type { ChildOptions, Json, RunInfo } from './protocol.ts'
import type { RetryOptions } from './retry.ts'
import type { Schema } from './standard-schema.ts'
import type { StepDefinition, StepLog, TxStepDefinition } from './step.ts'
import type { WorkflowDefinition } from './workflow-definition.ts'

export interface RunOptions {
  /** For one attempt; instead of the step's own. */
  readonly timeout?: Duration
  /** Instead of the step's own. `false`: one attempt. */
  readonly retry?: RetryOptions | false
  /** The step is executed by a worker of this queue. */
  readonly queue?: string
}

export interface ChildCallOptions extends Omit<ChildOptions, 'timeoutMs'> {
  readonly timeout?: Duration
}

/** A step or workflow without input may be called without one. */
// biome-ignore lint/suspicious/noConfusingVoidType: a body without parameters infers void, and undefined extends it
type Arguments<In, Options> = [In] extends [void]
  ? [input?: In, options?: Options]
  : unknown extends In
    ? [input?: In, options?: Options]
    : [input: In, options?: Options]

export type Thunk<T> = () => Promise<T> | T

/** The promise of a scope, which can also be asked to stop. */
export type ScopePromise<T> = Promise<T> & { cancel(reason?: string): void }

/**
 * What a workflow may do on every engine. Everything that waits is a command with a number; commands are numbered in the order of
 * the calls, so the code between two waits must depend on nothing but the input, earlier results and this object.
 */
export interface PortableContext {
  readonly info: RunInfo
  /** Runs a step and returns its value as JSON carried it. Throws StepFailedError when its last attempt failed. */
  run<In, Out>(step: StepDefinition<In, Out>, ...rest: Arguments<In, RunOptions>): Promise<Out>
  sleep(duration: Duration): Promise<void>
  /** A Date or an ISO 8601 time with an offset. A time gone by ends the wait at once. */
  sleepUntil(time: Date | string): Promise<void>
  /**
   * The next message sent to this run under `name`; messages that came before are kept in order. A payload that does not fit `schema` is
   * consumed, logged as a warning, and the wait continues. Throws TimeoutError when `timeout` passes first.
   */
  waitFor<Out>(name: string, schema: Schema<unknown, Out>, options?: { readonly timeout?: Duration }): Promise<Out>
  waitFor<Out = Json>(name: string, schema?: undefined, options?: { readonly timeout?: Duration }): Promise<Out>
  /** Runs another workflow and returns its output. Throws ChildFailedError unless it succeeded. */
  child<In, Out>(workflow: WorkflowDefinition<In, Out>, ...rest: Arguments<In, ChildCallOptions>): Promise<Out>
  child<Out = Json>(workflow: string, input?: Json, options?: ChildCallOptions): Promise<Out>
  /** Starts another workflow and does not wait for it. Returns its run id. */
  start<In, Out>(workflow: WorkflowDefinition<In, Out>, ...rest: Arguments<In, ChildCallOptions>): Promise<string>
  start(workflow: string, input?: Json, options?: ChildCallOptions): Promise<string>
  /** Results in the order of the thunks, at most `limit` at once. The first failure cancels the others and is thrown. */
  all<const T extends readonly Thunk<unknown>[]>(
    thunks: T,
    options?: { readonly limit?: number },
  ): Promise<{ -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> }>
  map<Item, T>(
    items: readonly Item[],
    fn: (item: Item, index: number) => Promise<T> | T,
    options?: { readonly limit?: number },
  ): Promise<T[]>
  /** The outcome of the first thunk to end, well or badly. The commands of the others are taken back: they see CancelledError. */
  race<const T extends readonly Thunk<unknown>[]>(thunks: T): Promise<Awaited<ReturnType<T[number]>>>
  /** A group of commands that `cancel` stops as one, like a cancelled run but smaller. */
  scope<T>(fn: Thunk<T>): ScopePromise<T>
  /** Commands inside continue although the run or the scope around was cancelled: for cleaning up. The run does not end before them. */
  shield<T>(fn: Thunk<T>): Promise<T>
  /** The run's clock: the time of the last thing that happened to it. */
  now(): Date
  random(): number
  uuid(): string
  /** False in a run that passed here before the change named `id` was made, true ever after. */
  patched(id: string): boolean
  /** Ends this run's history and continues with a fresh one under the same id. Nothing after it is carried out. */
  continueAsNew(input: unknown): never
  /** Answers questions from outside. The handler must not wait, change anything or issue commands. */
  query<Args = Json>(name: string, handler: (args: Args) => unknown): void
  readonly log: StepLog
}

/** What a workflow may do on the PostgreSQL engine: also run steps in its database. */
export interface Context extends PortableContext {
  run<In, Out>(step: StepDefinition<In, Out> | TxStepDefinition<In, Out>, ...rest: Arguments<In, RunOptions>): Promise<Out>
}
