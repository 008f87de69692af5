import { toFailure } from './errors.ts'
import type { Json } from './protocol.ts'

/**
 * JSON text of a value; that of undefined is `null`.
 * @param what the subject of the message, such as `output of charge` @throws TypeError that names the place which JSON cannot carry
 */
export function toJsonText(value: unknown, what: string): string {
  let text: string
  try {
    text = JSON.stringify(value) ?? 'null'
  } catch (error) {
    throw new TypeError(`the ${what} cannot be written as JSON: ${describeFault(value, error)}`)
  }
  // JSON.stringify writes a number that is not finite as null, and says nothing.
  const lost = text.includes('null') ? findFault(value, '', []) : null
  if (lost !== null) throw new TypeError(`the ${what} cannot be written as JSON: ${describe(lost)}`)
  return text
}

/**
 * The value as the journal returns it: after JSON, with undefined as null. It is a copy, so later changes to the original do not affect a
 * command already issued. Throws a TypeError for values that JSON cannot represent.
 */
export function toJson(value: unknown, what: string): Json {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  return JSON.parse(toJsonText(value, what))
}

interface Fault {
  /** From the value to the member, such as `items`, 3, `id`. */
  readonly path: readonly (string | number)[]
  readonly why: string
}

function describeFault(value: unknown, error: unknown): string {
  try {
    const fault = findFault(value, '', [])
    if (fault !== null) return describe(fault)
  } catch {
    // The value is nested so deeply that looking at it overflows the stack too.
  }
  return toFailure(error).message
}

const PATH_CHARS_MAX = 200

/** `items[3].id is a bigint` */
function describe({ path, why }: Fault): string {
  const steps = path.map((step, at) => {
    if (typeof step === 'number') return `[${step}]`
    return /^[\w$]+$/.test(step) ? `${at === 0 ? '' : '.'}${step}` : `[${JSON.stringify(step)}]`
  })
  return `${path.length === 0 ? 'it' : steps.join('').slice(0, PATH_CHARS_MAX)} ${why}`
}

/** The first member that JSON cannot carry, in the order in which it is written. @param above the objects around it, restored at the end */
function findFault(given: unknown, name: string, above: object[]): Fault | null {
  let value = given
  if (typeof given === 'object' && given !== null) {
    try {
      const { toJSON } = given as { readonly toJSON?: unknown }
      if (typeof toJSON === 'function') value = toJSON.call(given, name)
    } catch (error) {
      return { path: [], why: `cannot be read: ${toFailure(error).message}` }
    }
  }
  if (typeof value === 'bigint') return { path: [], why: 'is a bigint; write it as a text or a number' }
  if (typeof value === 'number' && !Number.isFinite(value)) return { path: [], why: `is ${value}; write it as a text or null` }
  if (typeof value !== 'object' || value === null) return null
  if (above.includes(value)) return { path: [], why: 'is a circular reference' }
  above.push(value)
  for (const name of Object.keys(value)) {
    const fault = findFaultAt(value, name, above)
    if (fault !== null) return { ...fault, path: [Array.isArray(value) ? Number(name) : name, ...fault.path] }
  }
  above.pop()
  return null
}

function findFaultAt(holder: object, name: string, above: object[]): Fault | null {
  let member: unknown
  try {
    member = (holder as { readonly [name: string]: unknown })[name]
  } catch (error) {
    return { path: [], why: `cannot be read: ${toFailure(error).message}` }
  }
  return findFault(member, name, above)
}

/** The type of a value after a round trip through JSON: a Date becomes a string, a method is dropped. */
export type Jsonified<T> = unknown extends T
  ? T
  : // A JSON type stays as it is, which also ends the recursion for `Json` itself.
    [T] extends [Json]
    ? T
    : T extends null | boolean | number | string
      ? T
      : T extends void
        ? null
        : T extends { toJSON(): infer R }
          ? Jsonified<R>
          : T extends bigint | symbol | ((...args: never) => unknown)
            ? never
            : T extends readonly unknown[]
              ? { -readonly [K in keyof T]: Jsonified<T[K]> }
              : T extends object
                ? { [K in keyof T as T[K] extends symbol | ((...args: never) => unknown) ? never : K]: JsonifiedProperty<T[K]> }
                : never

/** An absent property stays absent, whereas an absent top-level value becomes null. */
type JsonifiedProperty<T> = T extends undefined ? undefined : Jsonified<T>
