import { type Duration, parseDurationMs } from '@orrery/recurrence/duration'
import type { Context } from './context.ts'
import type { Jsonified } from './json.ts'
import type { Priority, WorkflowManifest, WorkflowOptions } from './protocol.ts'
import { type Known, requireKnown } from './require-known.ts'
import { jsonSchema, type Schema } from './standard-schema.ts'
import type { JsonObject, WorkflowDefinition } from './workflow-definition.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/**
 * Options of a workflow. `I` is what a caller passes, `V` what the input validator returns, `R` what the function returns, and `O` what the
 * caller gets.
 */
export interface WorkflowSettings<I = unknown, V = I, R = unknown, O = R> {
  readonly description?: string
  readonly input?: Schema<I, V>
  readonly output?: Schema<R, O>
  /** For the whole run, including waits. */
  readonly timeout?: Duration
  readonly queue?: string
  readonly priority?: Priority
  /** At most `limit` runs at once; with `key` (a path into the input, `customer.id`), at most `limit` for each value of it. */
  readonly concurrency?: {
    readonly limit: number
    readonly key?: string
    readonly onFull?: 'queue' | 'cancel_in_progress' | 'cancel_newest'
  }
  readonly rateLimit?: { readonly limit: number; readonly period: Duration; readonly key?: string }
  /** A start waits for `delay`. Another start with the same key in that time replaces it. */
  readonly debounce?: { readonly delay: Duration; readonly key?: string; readonly maxDelay?: Duration }
}

const SETTINGS: Known<WorkflowSettings> = {
  description: true,
  input: true,
  output: true,
  timeout: true,
  queue: true,
  priority: true,
  concurrency: true,
  rateLimit: true,
  debounce: true,
}
const CONCURRENCY: Known<Required<WorkflowSettings>['concurrency']> = { limit: true, key: true, onFull: true }
const RATE_LIMIT: Known<Required<WorkflowSettings>['rateLimit']> = { limit: true, period: true, key: true }
const DEBOUNCE: Known<Required<WorkflowSettings>['debounce']> = { delay: true, key: true, maxDelay: true }

/**
 * Declares a workflow: a deterministic function that performs every effect and wait through `ctx`. It may stop between any two of them and
 * continue elsewhere, even months later. Throws a TypeError for invalid options.
 */
export function workflow<V = JsonObject, R = unknown>(
  name: string,
  fn: (ctx: Context, input: V) => Promise<R> | R,
): WorkflowDefinition<V, Jsonified<R>>
export function workflow<V = JsonObject, I = V, R = unknown, O = R>(
  name: string,
  settings: WorkflowSettings<I, V, R, O>,
  fn: (ctx: Context, input: V) => Promise<R> | R,
): WorkflowDefinition<I, Jsonified<O>>
export function workflow(
  name: string,
  second: WorkflowSettings | WorkflowDefinition['fn'],
  third?: WorkflowDefinition['fn'],
): WorkflowDefinition<never, never> {
  const settings = typeof second === 'function' ? {} : second
  const fn = typeof second === 'function' ? second : third
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new TypeError(
      `a workflow needs a name of 1 to 128 letters, digits, ".", "_" or "-", the first a letter or digit; got ${JSON.stringify(name)}`,
    )
  }
  if (typeof fn !== 'function') throw new TypeError(`workflow ${name} needs a function`)
  return {
    kind: 'workflow',
    name,
    description: settings.description ?? null,
    input: settings.input,
    output: settings.output,
    options: readOptions(name, settings),
    fn,
  }
}

/** The bundle's description of one workflow. */
export function describeWorkflow(definition: WorkflowDefinition): WorkflowManifest {
  return {
    name: definition.name,
    description: definition.description,
    inputSchema: jsonSchema(definition.input, 'input'),
    outputSchema: jsonSchema(definition.output, 'output'),
    options: definition.options,
    validates: definition.input !== undefined,
  }
}

function readOptions(name: string, settings: WorkflowSettings): WorkflowOptions {
  const { timeout, queue, priority, concurrency, rateLimit, debounce } = settings
  const of = (option: string) => `${option} of workflow ${name}`
  requireKnown(`workflow ${name}`, settings, SETTINGS)
  requireKnown(of('concurrency'), concurrency, CONCURRENCY)
  requireKnown(of('rateLimit'), rateLimit, RATE_LIMIT)
  requireKnown(of('debounce'), debounce, DEBOUNCE)
  if (concurrency) checkLimit(concurrency.limit, of('concurrency.limit'))
  if (rateLimit) checkLimit(rateLimit.limit, of('rateLimit.limit'))
  return {
    ...(timeout === undefined ? {} : { timeoutMs: parseDurationMs(timeout, of('timeout')) }),
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rateLimit === undefined
      ? {}
      : {
          rateLimit: { limit: rateLimit.limit, periodMs: parseDurationMs(rateLimit.period, of('rateLimit.period')), ...keyOf(rateLimit) },
        }),
    ...(debounce === undefined
      ? {}
      : {
          debounce: {
            delayMs: parseDurationMs(debounce.delay, of('debounce.delay')),
            ...keyOf(debounce),
            ...(debounce.maxDelay === undefined ? {} : { maxDelayMs: parseDurationMs(debounce.maxDelay, of('debounce.maxDelay')) }),
          },
        }),
  }
}

const keyOf = (limit: { readonly key?: string }) => (limit.key === undefined ? {} : { key: limit.key })

function checkLimit(limit: number, what: string): void {
  if (!Number.isInteger(limit) || limit < 1) throw new TypeError(`${what} must be a whole number, at least 1, got ${limit}`)
}
