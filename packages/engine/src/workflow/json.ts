import type { Json } from './protocol.ts'

/**
 * The value as the journal will give it back: what JSON makes of it, with undefined as null. A copy, so that later
 * changes to the original cannot reach into a command already issued. Throws a TypeError for what JSON refuses.
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

/** The type that a value has after a journey through JSON: a Date has become a string, a method is gone. */
export type Jsonified<T> = unknown extends T
  ? T
  : // What is JSON already stays as it is; that also ends the recursion for `Json` itself.
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

/** An absent property stays absent, where an absent value at the top becomes null. */
type JsonifiedProperty<T> = T extends undefined ? undefined : Jsonified<T>
