import type { Json } from '@orrery/contract'
import { CancelledError, ChildFailedError, type Failure, StepFailedError, toFailure } from '@orrery/engine/workflow'
import type { PlacedStep, Rendered } from '@orrery/expressions'

/** Where in the pipeline a failure happened. */
export interface FailurePlace {
  /** Id of the step; null: the pipeline as a whole. */
  readonly step: string | null
  /** For example `pipeline[2].with.text`. */
  readonly path: string
  /** Index of the round in each enclosing for_each, the outermost first. */
  readonly rounds: readonly number[]
}

/**
 * The permanent failure of a step. It has the name and kind of the original failure, so that a calling pipeline can distinguish failures.
 * The message begins with the place.
 */
export class PipelineFailure extends Error {
  override readonly name: string
  readonly kind: Failure['kind']
  readonly place: FailurePlace
  readonly failure: Failure
  readonly details: Json

  constructor(place: FailurePlace, failure: Failure) {
    super(`${describePlace(place)}: ${failure.message}`)
    this.name = failure.name
    this.kind = failure.kind
    this.place = place
    this.failure = failure
    const { message, details } = failure
    this.details = { step: place.step, path: place.path, rounds: [...place.rounds], message, ...(details === undefined ? {} : { details }) }
    // Frames of the interpreter say nothing about the pipeline.
    Object.defineProperty(this, 'stack', { value: undefined })
  }
}

/** A template that could not be rendered. `path` is relative to the step. */
class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly kind = 'invalid'
  readonly path: string

  constructor(path: string, message: string) {
    super(message)
    this.path = path
  }
}

/** A failure that a further attempt cannot change. */
export class PipelineRefusal extends Error {
  override readonly name: string
  readonly kind = 'invalid'

  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/** Throws TemplateError. */
export function unwrap<T>(rendered: Rendered<T>): T {
  if (!rendered.ok) throw new TemplateError(rendered.problem.path, rendered.problem.message)
  return rendered.value
}

/**
 * Adds the place to the failure of a step. A step with inner steps fails with the failure of the inner step. A cancellation of the run or
 * the branch is not a failure, and is thrown unchanged.
 */
export function toPipelineFailure(error: unknown, { step, path }: PlacedStep, rounds: readonly number[]): PipelineFailure {
  if (error instanceof CancelledError) throw error
  if (error instanceof PipelineFailure) return error
  const at = error instanceof TemplateError ? `${path}.${error.path}` : path
  return new PipelineFailure({ step: step.id, path: at, rounds }, failureOf(error))
}

function failureOf(error: unknown): Failure {
  if (error instanceof StepFailedError || error instanceof ChildFailedError) return error.failure
  return toFailure(error)
}

/** The value that the steps of an `on_error` read as `error`. */
export function toErrorName({ place, failure }: PipelineFailure): Json {
  const { name, message, kind, details } = failure
  return { step: place.step, name, message, kind, ...(details === undefined ? {} : { details }) }
}

function describePlace({ step, path, rounds }: FailurePlace): string {
  const where = rounds.length === 0 ? path : `${path}, round ${rounds.join('.')}`
  return step === null ? path : `${step} (${where})`
}
