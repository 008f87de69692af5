import { NAME_CHARS_MAX } from './names.ts'
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

/** Longer texts are cut, so that no error becomes an event of megabytes. */
const MESSAGE_CHARS_MAX = 8000
const STACK_LINES_MAX = 20
const STACK_CHARS_MAX = 8000
const DETAILS_CHARS_MAX = 64_000
/** How deep causes are kept, how many errors of an AggregateError, and how many of both together: each may contain itself. */
const CAUSES_MAX = 4
const ERRORS_MAX = 10
const FAILURES_MAX = 50

/**
 * The journal's form of a thrown value, with its causes and the errors of an AggregateError. Checks the shape and not the class, so it works
 * across copies of this module. Never throws, whatever a getter of the value does.
 */
export function toFailure(error: unknown): Failure {
  return readSafely(error, CAUSES_MAX, { failures: FAILURES_MAX })
}

/** What further errors may be kept. */
interface Room {
  failures: number
}

function readSafely(error: unknown, depth: number, room: Room): Failure {
  room.failures--
  try {
    return readFailure(error, depth, room)
  } catch {
    return { name: 'Error', message: 'something was thrown that cannot be read', kind: 'error' }
  }
}

function readFailure(error: unknown, depth: number, room: Room): Failure {
  if (!isErrorLike(error)) return { name: 'Error', message: cut(describe(error), MESSAGE_CHARS_MAX), kind: 'error' }
  const { name, message, kind, details, stack, cause, errors } = error
  const readInner = (inner: unknown): Failure[] => (depth === 0 || room.failures <= 0 ? [] : [readSafely(inner, depth - 1, room)])
  const [keptCause] = cause === undefined ? [] : readInner(cause)
  return {
    name: typeof name === 'string' && name !== '' ? cut(name, NAME_CHARS_MAX) : 'Error',
    message: cut(typeof message === 'string' ? message : describe(message), MESSAGE_CHARS_MAX),
    kind: isKind(kind) ? kind : 'error',
    ...(typeof stack === 'string' ? { stack: ownFrames(stack) } : {}),
    ...(details === undefined ? {} : { details: boundedJson(details) }),
    ...(keptCause === undefined ? {} : { cause: keptCause }),
    ...(Array.isArray(errors) && depth > 0 ? { errors: errors.slice(0, ERRORS_MAX).flatMap(readInner) } : {}),
  }
}

/** The note of what was cut counts as kept, so that a text is cut once, wherever it passes. */
const NOTE_CHARS_MAX = 40

function cut(text: string, max: number): string {
  const kept = text.length <= max + NOTE_CHARS_MAX ? text : `${text.slice(0, max)}… (${text.length - max} more characters)`
  return kept.toWellFormed()
}

/** The error for a journalled failure. A failure with an unknown name becomes an Error with that name. */
export function fromFailure(failure: Failure): Error {
  const error = build(failure)
  if (error.name !== failure.name) Object.defineProperty(error, 'name', { value: failure.name, configurable: true, writable: true })
  if (failure.stack !== undefined) error.stack = failure.stack
  if (failure.cause !== undefined) define(error, 'cause', fromFailure(failure.cause))
  if (failure.errors !== undefined) define(error, 'errors', failure.errors.map(fromFailure))
  return error
}

/** As the constructors of Error and AggregateError do: not enumerable. */
function define(error: Error, name: 'cause' | 'errors', value: unknown): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true })
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

type ErrorLike = { readonly message: unknown } & { readonly [Name in 'name' | 'kind' | 'details' | 'stack' | 'cause' | 'errors']?: unknown }

function isErrorLike(error: unknown): error is ErrorLike {
  return typeof error === 'object' && error !== null && 'message' in error
}

/** Frames of the host carry no information about the workflow and differ between machines. */
function ownFrames(stack: string): string {
  const lines = stack.split('\n').filter((line) => !/^\s+at .*(?:node:|node_modules\/)/.test(line))
  return cut(lines.slice(0, STACK_LINES_MAX).join('\n'), STACK_CHARS_MAX)
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value
  const text = safeJson(value)
  return text === null ? String(value) : JSON.stringify(text)
}

function boundedJson(value: unknown): Json {
  const json = safeJson(value)
  const size = JSON.stringify(json).length
  return size <= DETAILS_CHARS_MAX ? json : `details of ${size} characters were left out; the most is ${DETAILS_CHARS_MAX}`
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
