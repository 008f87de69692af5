import type { z } from 'zod'

type RawIssue = z.core.$ZodRawIssue

/** Types in the words of people. Others, such as `object`, are words already. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  undefined: 'nothing',
}
const FITS_NONE = 'Fits none of the accepted forms'
const toWords = (type: string): string => TYPES[type] ?? type

/** What is counted, by the type of the value. Of a number, nothing is. */
const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  object: ['entry', 'entries'],
  record: ['entry', 'entries'],
}

/** What is wrong with a value, in place of zod's words. Undefined: its shape says it in words of its own, or zod's will do. */
export function describeIssue(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return describeType(issue.expected, typeOf(issue.input))
    case 'invalid_value':
      return describeValues(issue.values, issue.input)
    case 'too_small':
      return `Expected ${issue.exact ? 'exactly' : issue.inclusive === false ? 'more than' : 'at least'} ${count(issue.minimum, issue.origin)}`
    case 'too_big':
      return `Expected ${issue.exact ? 'exactly' : issue.inclusive === false ? 'less than' : 'at most'} ${count(issue.maximum, issue.origin)}`
    case 'invalid_union':
      return issue.options === undefined || issue.discriminator === undefined
        ? FITS_NONE
        : describeValues(issue.options as readonly unknown[], (issue.input as Record<string, unknown>)[issue.discriminator])
    default:
      return undefined
  }
}

/** `Missing; expected a text`, `Expected a text, got a number`. */
function describeType(expected: string, received: string): string {
  if (received === 'undefined') return `Missing; expected ${toWords(expected)}`
  const got = expected === 'int' && received === 'number' ? 'a number with a fraction' : toWords(received)
  return `Expected ${toWords(expected)}, got ${got}`
}

function describeValues(values: readonly unknown[], input: unknown): string {
  const among = `${values.length > 1 ? 'one of ' : ''}${values.map((value) => JSON.stringify(value)).join(', ')}`
  return input === undefined ? `Missing; expected ${among}` : `Expected ${among}`
}

/** The words of zod, as validators of workflows have them, in ours; any other text as it is. */
export function describeMessage(message: string): string {
  // Of a union.
  if (message === 'Invalid input') return FITS_NONE
  const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? []
  return expected === undefined || received === undefined ? message : describeType(expected, received)
}

function typeOf(value: unknown): string {
  if (value === null || typeof value === 'boolean' || Number.isNaN(value)) return String(value)
  return Array.isArray(value) ? 'array' : typeof value
}

function count(limit: number | bigint, origin: string): string {
  const units = UNITS[origin]
  return units === undefined ? String(limit) : `${limit} ${units[Number(limit) === 1 ? 0 : 1]}`
}
