import type { Json } from '@orrery/contract'
import type { Meter } from '../meter.ts'
import type { Kind } from '../values.ts'

/** What an argument may be: values of these kinds, a list of numbers or of texts, or `&expression`. */
export type Param = readonly Kind[] | 'numbers' | 'texts' | 'lambda'

/** Evaluates the `&expression` that was given, for one element. Missing is null. */
export type Lambda = (element: Json) => Json

/** An argument. The evaluator has compared it with its `Param` before a function sees it. */
export type Argument = Json | Lambda

/** What a function may use besides its arguments. */
export interface CallContext {
  readonly meter: Meter
  /** IANA name of the pipeline's time zone. */
  readonly timezone: string
}

export interface FunctionSpec {
  readonly params: readonly Param[]
  /** Of any further arguments. */
  readonly rest?: Param
  /** How many of `params` may be left out, from the end. */
  readonly optional?: number
  /** Kinds that a result may have. */
  readonly gives: readonly Kind[]
  readonly apply: (args: readonly Argument[], context: CallContext) => Json
}

export const ANY: readonly Kind[] = ['null', 'boolean', 'number', 'string', 'array', 'object']
export const TEXT: readonly Kind[] = ['string']
export const NUMBER: readonly Kind[] = ['number']
export const LIST: readonly Kind[] = ['array']
export const OBJECT: readonly Kind[] = ['object']
