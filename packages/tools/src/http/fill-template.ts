import type { Json, JsonObject } from '@orrery/contract'

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_.-]*)\}/g
const WHOLE = /^\{([A-Za-z_][A-Za-z0-9_.-]*)\}$/

/** Names of the placeholders in a string, or in all strings within a value. */
export function placeholdersIn(value: Json): Set<string> {
  if (typeof value === 'string') return new Set([...value.matchAll(PLACEHOLDER)].map(([, name = '']) => name))
  if (typeof value !== 'object' || value === null) return new Set()
  return new Set(Object.values(value).flatMap((item) => [...placeholdersIn(item)]))
}

/** Undefined if an argument for a placeholder is missing. */
export function fillText(text: string, args: JsonObject, encode: (value: string) => string = (value) => value): string | undefined {
  let isWhole = true
  const filled = text.replaceAll(PLACEHOLDER, (_, name: string) => {
    const value = Object.hasOwn(args, name) ? args[name] : undefined
    if (value === undefined) isWhole = false
    return value === undefined ? '' : encode(toText(value))
  })
  return isWhole ? filled : undefined
}

/**
 * A string that is exactly one placeholder becomes the argument with its type. Undefined if an argument is missing; such members are left
 * out.
 */
export function fillValue(template: Json, args: JsonObject): Json | undefined {
  if (typeof template === 'string') {
    const name = WHOLE.exec(template)?.[1]
    if (name === undefined) return fillText(template, args)
    return Object.hasOwn(args, name) ? args[name] : undefined
  }
  if (typeof template !== 'object' || template === null) return template
  if (Array.isArray(template)) return template.map((item) => fillValue(item, args)).filter((item) => item !== undefined)
  const members = Object.entries(template).map(([name, item]) => [name, fillValue(item, args)] as const)
  return Object.fromEntries(members.filter((member): member is [string, Json] => member[1] !== undefined))
}

export function toText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Name and value pairs for a query or a form: one for each item of a list. */
export function toPairs(name: string, value: Json): [string, string][] {
  if (value === null) return []
  return Array.isArray(value) ? value.map((item) => [name, toText(item)]) : [[name, toText(value)]]
}
