import type { InputOf, OperationName, OutputOf } from '@orrery/contract'

export interface CallOptions {
  readonly signal?: AbortSignal
  /**
   * For a write: the same key with the same input returns the same answer for 24 hours. Default: a new key for each call and its retries.
   */
  readonly idempotencyKey?: string
}

/** The named fields of a shape. A loose shape also allows unknown fields, which an interface of a caller would not match. */
type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] }

/** The input type with all members readonly: the client never changes an input. */
export type Given<T> = T extends readonly (infer E)[]
  ? readonly Given<E>[]
  : T extends object
    ? { readonly [K in keyof ([keyof Named<T>] extends [never] ? T : Named<T>)]: Given<T[K & keyof T]> }
    : T

/** A call needs no argument if every field of the input may be absent. */
type Call<N extends OperationName> =
  Record<never, never> extends InputOf<N>
    ? (input?: Given<InputOf<N>>, options?: CallOptions) => Promise<OutputOf<N>>
    : (input: Given<InputOf<N>>, options?: CallOptions) => Promise<OutputOf<N>>

type Noun = OperationName extends infer N ? (N extends `${infer Head}.${string}` ? Head : never) : never
type Verb<H extends string> = OperationName extends infer N ? (N extends `${H}.${infer Tail}` ? Tail : never) : never

/** `<noun>.<verb>(input)` for every operation of the contract. */
export type Operations = { readonly [H in Noun]: { readonly [V in Verb<H>]: Call<Extract<`${H}.${V}`, OperationName>> } }
