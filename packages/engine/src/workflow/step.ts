import { type Duration, parseDurationMs } from '@orrery/recurrence/duration'
import type { Jsonified } from './json.ts'
import type { Json } from './protocol.ts'
import { type Known, requireKnown } from './require-known.ts'
import { parseRetry, type RetryOptions } from './retry.ts'
import { registerStep } from './step-registry.ts'
import type { StepImplementation } from './step-source.ts'

export interface StepOptions {
  /** Absent: five attempts with growing delays (see `DEFAULT_RETRY`). `false`: one attempt. */
  readonly retry?: RetryOptions | false
  /** For one attempt. Absent: no limit. */
  readonly timeout?: Duration
  /** An attempt that does not call `heartbeat` for this long is abandoned and repeated. */
  readonly heartbeatTimeout?: Duration
}

const OPTIONS: Known<StepOptions> = { retry: true, timeout: true, heartbeatTimeout: true }

/** The second argument of a step's body. */
export interface StepContext {
  readonly runId: string
  readonly orgId: string
  /** The run's workflow. */
  readonly workflow: string
  readonly step: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** The same for every attempt of this step of this run. Pass it to services that deduplicate calls. */
  readonly idempotencyKey: string
  /** What the run may do, in words of the host. Its input has no part in this. */
  readonly scopes: readonly string[]
  /** Aborted on cancellation, on timeout, and when another worker has taken over the run. */
  readonly signal: AbortSignal
  /** Reports that the body is alive. The next attempt gets `details` as `lastHeartbeat`. */
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

/** A step in the database: its writes commit together with its journal row, or not at all. */
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
  /** Never set; it only carries the types. */
  readonly types?: { readonly input: In; readonly output: Out }
}

/** A declared unit of work with an effect. The body runs at least once for each call; the outcome is recorded once. */
export interface StepDefinition<In = unknown, Out = unknown> extends StepReference<In, Out> {
  readonly transactional: false
}

/** A step in the engine's own database. Portable workflows cannot call it. */
export interface TxStepDefinition<In = unknown, Out = unknown> extends StepReference<In, Out> {
  readonly transactional: true
}

type Body<In, Out, C> = (input: In, context: C) => Out

/**
 * Declares a step. Its name identifies it in journals, in other versions and on other workers. A name without a body refers to a step that
 * some worker has. Throws a TypeError for invalid options and for a name that already has another body.
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

/**
 * Declares a step whose effect is in the engine's database and happens exactly once. Its body must use `context.tx.query` and nothing else.
 */
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
  // The builder strips bodies from bundles; only the worker's own code has them.
  if (body === undefined) return
  const options = typeof second === 'function' || second === undefined ? {} : second
  requireKnown(`step ${name}`, options, OPTIONS)
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
