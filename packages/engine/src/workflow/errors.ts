import type { Failure, Json } from './protocol.ts'

abstract class EngineError extends Error {
  abstract readonly kind: Failure['kind']
  readonly details?: Json

  constructor(message: string, options: { readonly details?: Json | undefined; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    if (options.details !== undefined) this.details = options.details
  }
}

/** Thrown by a step body to say that no further attempt can help. */
export class NonRetryableError extends EngineError {
  override readonly name: string = 'NonRetryableError'
  readonly kind = 'non_retryable'
}

/** The run, or the scope in which a command was issued, was cancelled. Clean up inside `ctx.shield` and let it pass. */
export class CancelledError extends EngineError {
  override readonly name: string = 'CancelledError'
  readonly kind = 'cancelled'
}

/** A wait for a signal, or a step, took longer than it was allowed to. */
export class TimeoutError extends EngineError {
  override readonly name: string = 'TimeoutError'
  readonly kind = 'timeout'
}

/** A value did not fit its validator; `details` holds `[{ path, message }]`. */
export class InvalidInputError extends EngineError {
  override readonly name: string = 'InvalidInputError'
  readonly kind = 'invalid'
}

/** A step failed for good. `failure` is what its last attempt threw; `failure.name` is the original error's name. */
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

/** What a thrown value looks like in the journal. Works across copies of this module: it goes by shape, not by class. */
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

/** The error that a journalled failure stands for. Failures of unknown names become an Error with that name. */
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

/** Frames of the host say nothing about the workflow and differ from machine to machine. */
function ownFrames(stack: string): string {
  const lines = stack.split('\n').filter((line) => !/^\s+at .*(?:node:|node_modules\/)/.test(line))
  return lines.slice(0, 20).join('\n')
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value
  const text = safeJson(value)
  return text === null ? String(value) : JSON.stringify(text)
}

/** Details must never be the reason why a failure cannot be recorded, so what JSON refuses becomes null. */
function safeJson(value: unknown): Json {
  try {
    const text: string | undefined = JSON.stringify(value)
    return text === undefined ? null : JSON.parse(text)
  } catch (error) {
    return error instanceof TypeError ? null : String(error)
  }
}

const failureToJson = (failure: Failure): Json => safeJson({ ...failure, stack: undefined })
