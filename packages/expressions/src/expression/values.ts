import type { Json } from '@orrery/contract'
import { limitError } from './expression-error.ts'
import { LIMITS, type Meter, spend, spendText } from './meter.ts'

/** A value, or undefined: a path led nowhere. */
export type Value = Json | undefined

export const KINDS = ['null', 'boolean', 'number', 'string', 'array', 'object'] as const
export type Kind = (typeof KINDS)[number]

export function kindOf(value: Json): Kind {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value as Exclude<Kind, 'null' | 'array'>
}

const WORDS: Readonly<Record<Kind, string>> = {
  null: 'null',
  boolean: 'true or false',
  number: 'a number',
  string: 'a text',
  array: 'a list',
  object: 'an object',
}

/** `a text`, `a number or a list`, for messages. */
export function nameKinds(kinds: readonly Kind[]): string {
  return kinds.map((kind) => WORDS[kind]).join(' or ')
}

/** Missing, null, false, 0, "" and an empty list or object count as false; everything else as true. */
export function isTrue(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value)
  if (Array.isArray(value)) return value.length > 0
  const known = truths.get(value)
  if (known !== undefined) return known
  const isFull = Object.keys(value).length > 0
  truths.set(value, isFull)
  return isFull
}

/** Objects that were looked at: listing the members of a large one takes long, and a filter asks for each element. Values never change. */
const truths = new WeakMap<object, boolean>()

/** Compares by content; the order of members is irrelevant. */
export function isEqual(meter: Meter, a: Json, b: Json, depth = 0): boolean {
  if (typeof a === 'string') spendText(meter, a.length)
  else spend(meter, 1)
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (depth > LIMITS.depth) throw limitError(`it is nested deeper than ${LIMITS.depth} levels`)
  const names = Object.keys(a)
  spend(meter, names.length)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => Object.hasOwn(b, name) && isEqual(meter, memberOf(a, name), memberOf(b, name), depth + 1))
}

/** An own member, never one of a prototype. Callers have checked that it exists. */
function memberOf(value: object, name: string): Json {
  return (value as Record<string, Json>)[name] as Json
}

/** Orders numbers, or texts by their UTF-16 units: the same in every locale. */
export function compareValues(meter: Meter, a: number | string, b: number | string): number {
  if (typeof a === 'string') spendText(meter, a.length)
  return a < b ? -1 : a > b ? 1 : 0
}

/** The text itself, or JSON text for any other value. Callers have measured the value. */
export function toText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
