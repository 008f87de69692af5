/**
 * Errors in the format of FastAPI: `{"detail": "…"}`, and for invalid input `{"detail": [{"loc": […], "msg": "…", "type":
 * "…"}]}` with 422.
 */
import type { FieldError, Problem } from '@orrery/contract'
import type { z } from 'zod'

export type Place = 'body' | 'query' | 'path'

export interface InputError {
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly type: string
}

const ERRORS_MAX = 50

export function toInputErrors(place: Place, error: z.ZodError): InputError[] {
  return error.issues.slice(0, ERRORS_MAX).map((issue) => ({
    loc: [place, ...issue.path.filter((part) => typeof part !== 'symbol')],
    msg: isMissing(issue) ? 'Field required' : issue.message,
    type: typeOf(issue),
  }))
}

const isMissing = ({ message }: z.core.$ZodIssue) =>
  message === 'Field required' || message.startsWith('Missing') || message.endsWith('received undefined')

/** Pydantic's name for the kind of error. */
function typeOf(issue: z.core.$ZodIssue): string {
  if (isMissing(issue)) return 'missing'
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? 'value_error'
    case 'too_small':
      return issue.origin === 'string' ? 'string_too_short' : issue.origin === 'array' ? 'too_short' : 'greater_than_equal'
    case 'too_big':
      return issue.origin === 'string' ? 'string_too_long' : issue.origin === 'array' ? 'too_long' : 'less_than_equal'
    case 'invalid_value':
      return 'enum'
    case 'invalid_format':
      return issue.format === 'uuid' ? 'uuid_parsing' : 'string_pattern_mismatch'
    default:
      return 'value_error'
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'string_type',
  number: 'int_type',
  int: 'int_type',
  boolean: 'bool_parsing',
  array: 'list_type',
  object: 'dict_type',
  record: 'dict_type',
}

/** Converts errors in an operation's input to errors in the request. `translate` maps each path. */
export function fromFieldErrors(
  errors: readonly FieldError[],
  translate: (path: readonly (string | number)[]) => readonly (string | number)[],
): InputError[] {
  return errors.map(({ path, message, ...more }) => {
    // Errors in a pipeline name their step.
    const step = 'step' in more && typeof more.step === 'string' ? ` (step ${more.step})` : ''
    return { loc: translate(splitPath(path)), msg: `${message}${step}`, type: 'value_error' }
  })
}

/** Splits `definition.pipeline[2].uses` into its parts. */
function splitPath(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) => (index === undefined ? String(name) : Number(index)))
}

export function answerInputErrors(detail: readonly InputError[], requestId: string): Response {
  return Response.json({ detail, code: 'invalid_input', requestId }, { status: 422 })
}

/**
 * True if a problem must be answered in FastAPI's format for input. Other problems have a `detail` text, which clients of both
 * formats can read.
 */
export function isAboutInput({ status, errors }: Problem): boolean {
  return (status === 400 || status === 422) && errors !== undefined && errors.length > 0
}
