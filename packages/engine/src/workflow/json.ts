import type { Json } from './protocol.ts'

/**
 * The value as the journal returns it: after JSON, with undefined as null. It is a copy, so later changes to the original do not affect a
 * command already issued. Throws a TypeError for values that JSON cannot represent.
 */
export function toJson(value: unknown, what: string): Json {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  try {
    const text: string | undefined = JSON.stringify(value)
    return text === undefined ? null : JSON.parse(text)
  } catch (error) {
    throw new TypeError(`${what} cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
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
