import type { InputOf, OperationName, OutputOf } from '@orrery/contract'

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Of a write: the same key with the same input gives the same answer for 24 hours. Absent: a new one for this call and its retries. */
  readonly idempotencyKey?: string
}

/** The fields that a shape names. A loose one takes others, too, which an interface could not promise to have. */
type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] }

/** What a caller gives is only read. */
export type Given<T> = T extends readonly (infer E)[]
  ? readonly Given<E>[]
  : T extends object
    ? { readonly [K in keyof ([keyof Named<T>] extends [never] ? T : Named<T>)]: Given<T[K & keyof T]> }
    : T

/** A call needs no argument where every field of the input may be absent. */
type Call<N extends OperationName> =
  Record<never, never> extends InputOf<N>
    ? (input?: Given<InputOf<N>>, options?: CallOptions) => Promise<OutputOf<N>>
    : (input: Given<InputOf<N>>, options?: CallOptions) => Promise<OutputOf<N>>

type Noun = OperationName extends infer N ? (N extends `${infer Head}.${string}` ? Head : never) : never
type Verb<H extends string> = OperationName extends infer N ? (N extends `${H}.${infer Tail}` ? Tail : never) : never

/** `<noun>.<verb>(input)` for every operation of the contract. */
export type Operations = { readonly [H in Noun]: { readonly [V in Verb<H>]: Call<Extract<`${H}.${V}`, OperationName>> } }
