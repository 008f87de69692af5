import type { ProblemCode, ProblemExtra } from '@orrery/contract'

/** A pure function that another process can run: a file, and the name of the function that it exports. Input and output are plain data. */
export interface Computation<Input, Output> {
  /** `import.meta.url` of the file, so that it is found as source and as built. */
  readonly module: string
  readonly name: string
  /** Processor time for one input, in ms. */
  readonly limitMs: number
  /** Never set. It only carries the types. */
  readonly types?: { input(input: Input): void; output(): Output }
}

type Functions = Readonly<Record<string, (input: never) => unknown>>

/**
 * The computations of a file, by the names of their functions.
 * @param module `import.meta.url` of the file. @param functions must be exported under these names
 */
export function defineComputations<F extends Functions>(
  module: string,
  functions: F,
  limitMs: number,
): { readonly [Name in keyof F]: Computation<Parameters<F[Name]>[0], Awaited<ReturnType<F[Name]>>> } {
  const computations = Object.fromEntries(Object.keys(functions).map((name) => [name, { module, name, limitMs }]))
  return computations as ReturnType<typeof defineComputations<F>>
}

/** What the server sends to a process. */
export interface ComputeMessage {
  readonly module: string
  readonly name: string
  readonly input: unknown
}

/** What a process answers. */
export type ComputeAnswer =
  /** The file is loaded. From here on the time counts. */
  | { readonly kind: 'loaded' }
  | { readonly kind: 'done'; readonly value: unknown }
  /** A problem that the caller can act on. */
  | { readonly kind: 'problem'; readonly code: ProblemCode; readonly detail: string; readonly extra: ProblemExtra }
  /** A bug. */
  | { readonly kind: 'failed'; readonly error: unknown }
