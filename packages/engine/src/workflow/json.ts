import { toFailure } from './errors.ts'
import type { Json } from './protocol.ts'

/**
 * JSON text of a value; that of undefined is `null`.
 * @param what the subject of the message, such as `output of charge` @throws TypeError that names the place which JSON cannot carry
 */
export function toJsonText(value: unknown, what: string): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (error) {
    throw new TypeError(`the ${what} cannot be written as JSON: ${describeFault(value, error)}`)
  }
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
  /** `items[3].id` */
  readonly path: string
  readonly why: string
}

function describeFault(value: unknown, error: unknown): string {
  try {
    const fault = findFault(value, '', [])
    if (fault !== null) return `${fault.path === '' ? 'it' : fault.path} ${fault.why}`
  } catch {
    // The value is nested so deeply that looking at it overflows the stack too.
  }
  return toFailure(error).message
}

/** The first member that JSON cannot carry, in the order in which it is written. @param above the objects around it */
function findFault(given: unknown, path: string, above: readonly object[]): Fault | null {
  let value = given
  try {
    const { toJSON } = (given ?? {}) as { readonly toJSON?: unknown }
    if (typeof toJSON === 'function') value = toJSON.call(given, path)
  } catch (error) {
    return { path, why: `cannot be read: ${toFailure(error).message}` }
  }
  if (typeof value === 'bigint') return { path, why: 'is a bigint; write it as a text or a number' }
  if (typeof value !== 'object' || value === null) return null
  if (above.includes(value)) return { path, why: 'is a circular reference' }
  for (const name of Object.keys(value)) {
    const fault = findFaultAt(value, name, pathTo(path, name, Array.isArray(value)), [...above, value])
    if (fault !== null) return fault
  }
  return null
}

function findFaultAt(holder: object, name: string, path: string, above: readonly object[]): Fault | null {
  let member: unknown
  try {
    member = (holder as { readonly [name: string]: unknown })[name]
  } catch (error) {
    return { path, why: `cannot be read: ${toFailure(error).message}` }
  }
  return findFault(member, path, above)
}

const PATH_CHARS_MAX = 200

function pathTo(path: string, name: string, isIndex: boolean): string {
  const step = isIndex ? `[${name}]` : /^[\w$]+$/.test(name) ? `${path === '' ? '' : '.'}${name}` : `[${JSON.stringify(name)}]`
  return path.length > PATH_CHARS_MAX ? path : (path + step).slice(0, PATH_CHARS_MAX + 1)
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
