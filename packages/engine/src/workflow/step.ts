import { type Duration, parseDurationMs } from '@orrery/recurrence/duration'
import type { Jsonified } from './json.ts'
import type { Json } from './protocol.ts'
import { parseRetry, type RetryOptions } from './retry.ts'
import { registerStep } from './step-registry.ts'
import type { StepImplementation } from './step-source.ts'

export interface StepOptions {
  /** `false`: one attempt. Absent: five, with growing delays (see `DEFAULT_RETRY`). */
  readonly retry?: RetryOptions | false
  /** For one attempt. Absent: no limit. */
  readonly timeout?: Duration
  /** An attempt that does not call `heartbeat` for this long is given up and repeated. */
  readonly heartbeatTimeout?: Duration
}

/** What a step's body is given beside its input. */
export interface StepContext {
  readonly runId: string
  readonly orgId: string
  /** Of the run. */
  readonly workflow: string
  readonly step: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** The same for every attempt of this step of this run: pass it on to services that can tell repeated calls. */
  readonly idempotencyKey: string
  /** Aborted on cancellation, timeout and when another worker has taken over. */
  readonly signal: AbortSignal
  /** Says that the body is alive. `details` is given to the next attempt as `lastHeartbeat`. */
  heartbeat(details?: Json): void
  readonly lastHeartbeat: Json | null
  readonly log: StepLog
}

export interface StepLog {
  debug(message: string, data?: Json): void
  info(message: string, data?: Json): void
  warn(message: string, data?: Json): void
  error(message: string, data?: Json): void
}

/** A step in the database: what it writes commits together with the record that it ran, or not at all. */
export interface TxStepContext extends StepContext {
  readonly tx: {
    query<Row = Record<string, unknown>>(
      text: string,
      values?: readonly unknown[],
    ): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>
  }
}

interface StepReference<In, Out> {
  readonly kind: 'step'
  readonly name: string
  /** Never set: carries the types. */
  readonly types?: { readonly input: In; readonly output: Out }
}

/** A declared unit of work with an effect. Runs at least once for each call; its outcome is recorded once. */
export interface StepDefinition<In = unknown, Out = unknown> extends StepReference<In, Out> {
  readonly transactional: false
}

/** A step on the engine's own database. Portable workflows cannot call it. */
export interface TxStepDefinition<In = unknown, Out = unknown> extends StepReference<In, Out> {
  readonly transactional: true
}

type Body<In, Out, C> = (input: In, context: C) => Out

/**
 * Declares a step. Its name is its identity: in journals, in other versions and on other workers. A name without a body
 * refers to a step that some worker has. Throws a TypeError for options that make no sense and for a name taken by another body.
 */
export function step<In = void, Out = unknown>(name: string): StepDefinition<In, Jsonified<Awaited<Out>>>
export function step<In = void, Out = unknown>(name: string, body: Body<In, Out, StepContext>): StepDefinition<In, Jsonified<Awaited<Out>>>
export function step<In = void, Out = unknown>(
  name: string,
  options: StepOptions,
  body: Body<In, Out, StepContext>,
): StepDefinition<In, Jsonified<Awaited<Out>>>
export function step(
  name: string,
  second?: StepOptions | StepImplementation['body'],
  third?: StepImplementation['body'],
): StepDefinition<never, never> {
  declare(name, false, second, third)
  return { kind: 'step', name, transactional: false }
}

/** Declares a step whose effect is in the engine's database and happens exactly once: use `context.tx.query`, nothing else. */
export function txStep<In = void, Out = unknown>(name: string): TxStepDefinition<In, Jsonified<Awaited<Out>>>
export function txStep<In = void, Out = unknown>(
  name: string,
  body: Body<In, Out, TxStepContext>,
): TxStepDefinition<In, Jsonified<Awaited<Out>>>
export function txStep<In = void, Out = unknown>(
  name: string,
  options: StepOptions,
  body: Body<In, Out, TxStepContext>,
): TxStepDefinition<In, Jsonified<Awaited<Out>>>
export function txStep(
  name: string,
  second?: StepOptions | StepImplementation['body'],
  third?: StepImplementation['body'],
): TxStepDefinition<never, never> {
  declare(name, true, second, third)
  return { kind: 'step', name, transactional: true }
}

function declare(
  name: string,
  transactional: boolean,
  second?: StepOptions | StepImplementation['body'],
  third?: StepImplementation['body'],
): void {
  if (typeof name !== 'string' || name === '' || name.length > 200 || name.includes('\0')) {
    throw new TypeError('a step needs a name of 1 to 200 characters')
  }
  const body = typeof second === 'function' ? second : third
  // In a bundle the body has been taken out; only the worker's own code has it.
  if (body === undefined) return
  const options = typeof second === 'function' || second === undefined ? {} : second
  registerStep({
    name,
    transactional,
    body,
    retry: parseRetry(options.retry),
    timeoutMs: options.timeout === undefined ? null : parseDurationMs(options.timeout, `timeout of step ${name}`),
    heartbeatTimeoutMs:
      options.heartbeatTimeout === undefined ? null : parseDurationMs(options.heartbeatTimeout, `heartbeatTimeout of step ${name}`),
  })
}
