import type { Json } from '@orrery/contract'
import type { Meter } from '../meter.ts'
import type { Kind } from '../values.ts'

/** The kind of value an argument must be: one of these kinds, a list of numbers or of texts, or `&expression`. */
export type Param = readonly Kind[] | 'numbers' | 'texts' | 'lambda'

/** Evaluates an `&expression` for one element. A missing value becomes null. */
export type Lambda = (element: Json) => Json

/** An argument. The evaluator checks it against its `Param` before the function is called. */
export type Argument = Json | Lambda

/** What a function may use in addition to its arguments. */
export interface CallContext {
  readonly meter: Meter
  /** IANA name of the pipeline's time zone. */
  readonly timezone: string
}

export interface FunctionSpec {
  readonly params: readonly Param[]
  /** For all further arguments. */
  readonly rest?: Param
  /** How many of `params`, counted from the end, may be left out. */
  readonly optional?: number
  /** Kinds that the result may have. */
  readonly returns: readonly Kind[]
  readonly apply: (args: readonly Argument[], context: CallContext) => Json
}

export const ANY: readonly Kind[] = ['null', 'boolean', 'number', 'string', 'array', 'object']
export const TEXT: readonly Kind[] = ['string']
export const NUMBER: readonly Kind[] = ['number']
export const LIST: readonly Kind[] = ['array']
export const OBJECT: readonly Kind[] = ['object']
