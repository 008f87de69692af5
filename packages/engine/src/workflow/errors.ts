import type { Failure, Json } from './protocol.ts'

abstract class EngineError extends Error {
  abstract readonly kind: Failure['kind']
  readonly details?: Json

  constructor(message: string, options: { readonly details?: Json | undefined; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    if (options.details !== undefined) this.details = options.details
  }
}

/** A step body throws this when further attempts cannot help. */
export class NonRetryableError extends EngineError {
  override readonly name: string = 'NonRetryableError'
  readonly kind = 'non_retryable'
}

/** The run, or the scope that issued the command, was cancelled. Clean up inside `ctx.shield` and rethrow it. */
export class CancelledError extends EngineError {
  override readonly name: string = 'CancelledError'
  readonly kind = 'cancelled'
}

/** A step or a wait for a signal exceeded its timeout. */
export class TimeoutError extends EngineError {
  override readonly name: string = 'TimeoutError'
  readonly kind = 'timeout'
}

/** A value did not pass its validator. `details` holds `[{ path, message }]`. */
export class InvalidInputError extends EngineError {
  override readonly name: string = 'InvalidInputError'
  readonly kind = 'invalid'
}

/** A step failed for good. `failure` is the error of its last attempt; `failure.name` is the original error's name. */
export class StepFailedError extends EngineError {
  override readonly name: string = 'StepFailedError'
  readonly kind = 'error'
  readonly step: string
  readonly failure: Failure

  constructor(step: string, failure: Failure) {
    super(`step ${step} failed: ${failure.message}`, { cause: fromFailure(failure), details: { step, failure: failureToJson(failure) } })
    this.step = step
    this.failure = failure
  }
}

/** A child run did not succeed. `failure.kind` distinguishes a failure, a cancellation and a timeout. */
export class ChildFailedError extends EngineError {
  override readonly name: string = 'ChildFailedError'
  readonly kind = 'child_failed'
  readonly workflow: string
  readonly failure: Failure

  constructor(workflow: string, failure: Failure) {
    super(`child ${workflow} failed: ${failure.message}`, {
      cause: fromFailure(failure),
      details: { workflow, failure: failureToJson(failure) },
    })
    this.workflow = workflow
    this.failure = failure
  }
}

/** The journal's form of a thrown value. Checks the shape and not the class, so it works across copies of this module. */
export function toFailure(error: unknown): Failure {
  if (!isErrorLike(error)) return { name: 'Error', message: describe(error), kind: 'error' }
  const { name, message, kind, details, stack } = error
  return {
    name: typeof name === 'string' && name !== '' ? name : 'Error',
    message: typeof message === 'string' ? message : describe(message),
    kind: isKind(kind) ? kind : 'error',
    ...(typeof stack === 'string' ? { stack: ownFrames(stack) } : {}),
    ...(details === undefined ? {} : { details: safeJson(details) }),
  }
}

/** The error for a journalled failure. A failure with an unknown name becomes an Error with that name. */
export function fromFailure(failure: Failure): Error {
  const error = build(failure)
  if (error.name !== failure.name) Object.defineProperty(error, 'name', { value: failure.name, configurable: true, writable: true })
  if (failure.stack !== undefined) error.stack = failure.stack
  return error
}

function build(failure: Failure): Error {
  const { message, details } = failure
  switch (failure.kind) {
    case 'non_retryable':
      return new NonRetryableError(message, { details })
    case 'cancelled':
      return new CancelledError(message, { details })
    case 'timeout':
      return new TimeoutError(message, { details })
    case 'invalid':
      return new InvalidInputError(message, { details })
    case 'error':
    case 'child_failed':
      return details === undefined ? new Error(message) : Object.assign(new Error(message), { details })
  }
}

const KINDS: ReadonlySet<unknown> = new Set<Failure['kind']>(['error', 'timeout', 'cancelled', 'non_retryable', 'child_failed', 'invalid'])
const isKind = (kind: unknown): kind is Failure['kind'] => KINDS.has(kind)

function isErrorLike(error: unknown): error is { name?: unknown; message: unknown; kind?: unknown; details?: unknown; stack?: unknown } {
  return typeof error === 'object' && error !== null && 'message' in error
}

/** Frames of the host carry no information about the workflow and differ between machines. */
function ownFrames(stack: string): string {
  const lines = stack.split('\n').filter((line) => !/^\s+at .*(?:node:|node_modules\/)/.test(line))
  return lines.slice(0, 20).join('\n')
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value
  const text = safeJson(value)
  return text === null ? String(value) : JSON.stringify(text)
}

/** Details that JSON cannot carry become null, so that they never prevent recording the failure. */
function safeJson(value: unknown): Json {
  try {
    const text: string | undefined = JSON.stringify(value)
    return text === undefined ? null : JSON.parse(text)
  } catch (error) {
    return error instanceof TypeError ? null : String(error)
  }
}

const failureToJson = (failure: Failure): Json => safeJson({ ...failure, stack: undefined })
