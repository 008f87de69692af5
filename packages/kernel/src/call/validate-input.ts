import { describeIssue, expandUnions, type FieldError, problem } from '@orrery/contract'
import type { z } from 'zod'

/** Deeper input is a mistake or an attack. JSON.stringify and other functions recurse, and would exceed the stack. */
const DEPTH_MAX = 100
const ERRORS_MAX = 50

/**
 * Parses the input with the operation's shape. The shapes themselves reject unknown fields.
 * @throws invalid_input, payload_too_large
 */
export function validateInput(shape: z.ZodType, raw: unknown): unknown {
  if (isDeeperThan(raw, DEPTH_MAX)) throw problem('payload_too_large', `The input is nested deeper than ${DEPTH_MAX} levels.`)
  const result = parseShape(shape, raw)
  if (result.success) return result.data
  const errors = expandUnions(result.error.issues).flatMap(toFieldErrors).slice(0, ERRORS_MAX)
  throw problem('invalid_input', summarize(errors), { errors })
}

/**
 * `safeParse` for raw input. zod compares the `length` of any value in the place of a text or a list (core/checks.js), and throws a
 * TypeError if that is an object that cannot be converted to a number. @throws invalid_input in that case
 */
export function parseShape<T>(shape: z.ZodType<T>, raw: unknown): z.ZodSafeParseResult<T> {
  try {
    return shape.safeParse(raw, { error: describeIssue })
  } catch (error) {
    const path = error instanceof TypeError ? findOddLength(raw, []) : null
    if (path === null) throw error
    const found = { path: joinPath(path), message: 'This must not be an object', expected: 'a text or a list' }
    throw problem('invalid_input', summarize([found]), { errors: [found] })
  }
}

function findOddLength(value: unknown, path: readonly PropertyKey[]): readonly PropertyKey[] | null {
  if (value === null || typeof value !== 'object') return null
  if (Array.isArray(value)) return first(value.entries(), path)
  if ('length' in value && value.length !== null && typeof value.length === 'object') return path
  return first(Object.entries(value), path)
}

function first(members: Iterable<[PropertyKey, unknown]>, path: readonly PropertyKey[]): readonly PropertyKey[] | null {
  for (const [key, member] of members) {
    const found = findOddLength(member, [...path, key])
    if (found !== null) return found
  }
  return null
}

/** Whether arrays and objects are nested deeper than `depth` levels. Stops there, so that deep input cannot exceed the stack. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (value === null || typeof value !== 'object') return false
  if (depth < 0) return true
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && isDeeperThan(item, depth - 1)) return true
    return false
  }
  for (const name in value) {
    const item: unknown = value[name as never]
    if (typeof item === 'object' && isDeeperThan(item, depth - 1)) return true
  }
  return false
}

type Issue = z.core.$ZodIssue

function toFieldErrors(issue: Issue): FieldError[] {
  const path = joinPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: joinPath([...issue.path, key]), message: 'Unknown field', expected: 'no such field' }))
  }
  const expected = describeExpected(issue)
  return [{ path, message: issue.message, ...(expected === null ? {} : { expected }) }]
}

function describeExpected(issue: Issue): string | null {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ')
    case 'too_small':
      return `at least ${issue.minimum}`
    case 'too_big':
      return `at most ${issue.maximum}`
    case 'invalid_format':
      // The messages of these formats say what is expected.
      return issue.format === 'regex' || issue.format === 'datetime' ? null : issue.format
    default:
      return null
  }
}

/** `items[3].name`. */
function joinPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? String(part) : `.${String(part)}`
  return text
}

function summarize(errors: readonly FieldError[]): string {
  const [first] = errors
  if (first === undefined) return 'The input is not valid.'
  const where = first.path === '' ? 'The input' : first.path
  return `${where}: ${first.message}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}`
}
