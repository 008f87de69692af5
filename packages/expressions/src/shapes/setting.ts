import type { Expression } from '../expression/expression.ts'
import type { Suggest } from '../expression/suggest.ts'
import { type Kind, nameKinds } from '../expression/values.ts'
import { ANYTHING, kindsIn, type Shape } from './shape.ts'

/** What an expression is read in before there are values. */
export interface Setting {
  /** What names at the top mean. */
  readonly root: Shape
  /** The part of `root` that is `steps`: the pipeline knows why a step is not there. */
  readonly steps: Shape
  explainStep(name: string): string
  readonly suggest: Suggest
  report(severity: 'error' | 'warning', message: string): void
}

/** Where an expression stands: what its current value is, and whether a bare name in it is the first of its path. */
export interface Standing {
  readonly current: Shape
  readonly isHead: boolean
}

export type Infer = (expression: Expression, standing: Standing, setting: Setting) => Shape

/** The forms of this kind; if there are none that is reported: `length() takes a text, not a number`. */
export function needKind(shape: Shape, kinds: readonly Kind[], takes: string, setting: Setting): Shape {
  const forms = shape.filter(({ kind }) => kinds.includes(kind))
  if (forms.length > 0) return forms
  if (shape.length > 0) setting.report('error', `${takes} ${nameKinds(kinds)}, not ${nameKinds(kindsIn(shape))}`)
  return ANYTHING
}
