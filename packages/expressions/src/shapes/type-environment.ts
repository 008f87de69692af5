import type { Expression } from '../expression/expression.ts'
import type { Suggest } from '../expression/suggest.ts'
import { type Kind, nameKinds } from '../expression/values.ts'
import { ANYTHING, kindsIn, type Shape } from './shape.ts'

/** The type environment of an expression: what its names mean before there are values. */
export interface TypeEnvironment {
  /** What names at the top mean. */
  readonly root: Shape
  /** The part of `root` that is `steps`: only the pipeline can explain why a step's result is missing. */
  readonly steps: Shape
  explainStep(name: string): string
  readonly suggest: Suggest
  report(severity: 'error' | 'warning', message: string): void
}

/** The context of a sub-expression: the shape of its current value, and whether a bare name in it begins a path. */
export interface ReadPosition {
  readonly current: Shape
  readonly isHead: boolean
}

export type Infer = (expression: Expression, position: ReadPosition, environment: TypeEnvironment) => Shape

/** The forms of these kinds. If the shape has no such form, reports it: `length() takes a text, not a number`. */
export function needKind(shape: Shape, kinds: readonly Kind[], takes: string, environment: TypeEnvironment): Shape {
  const forms = shape.filter(({ kind }) => kinds.includes(kind))
  if (forms.length > 0) return forms
  if (shape.length > 0) environment.report('error', `${takes} ${nameKinds(kinds)}, not ${nameKinds(kindsIn(shape))}`)
  return ANYTHING
}
