import type { Json } from '@orrery/contract'
import { type EvaluationContext, evaluate } from '../expression/evaluate-expression.ts'
import { ExpressionError, limitError, typeError } from '../expression/expression-error.ts'
import { LIMITS, measure, spend, takeRoom } from '../expression/meter.ts'
import { toText, type Value } from '../expression/values.ts'
import { explainMissing } from './explain-missing.ts'
import { type Hole, isTemplate, parseTemplate, wholeHole } from './parse-template.ts'

/** An ExpressionError with the path of the text that caused it, relative to the rendered value: `.recipients[0]`. */
export class RenderError extends Error {
  override readonly name = 'RenderError'
  readonly path: string
  override readonly cause: ExpressionError

  constructor(path: string, cause: ExpressionError) {
    super(cause.message)
    this.path = path
    this.cause = cause
  }
}

/** Returns the value of a `${…}`. A dry run passes its own, which shows values that are not known yet. */
export type Fill = (hole: Hole, context: EvaluationContext) => Value

/**
 * A value with every `${…}` in its texts filled in. A text that is a single `${…}` becomes the value of its expression; in other texts the
 * value is written as text. A missing value that is allowed (`${…?}`) is left out of its list or object. Throws RenderError.
 */
export function renderValue(value: Json, context: EvaluationContext, path = '', fill: Fill = fillHole, depth = 0): Value {
  try {
    spend(context.meter, 1)
    if (depth > LIMITS.depth) throw limitError(`it is nested deeper than ${LIMITS.depth} levels`)
    if (typeof value === 'string') return renderText(value, context, fill)
    takeRoom(context.meter, 4)
  } catch (error) {
    throw error instanceof ExpressionError ? new RenderError(path, error) : error
  }
  if (typeof value !== 'object' || value === null) return value
  const rendered = (item: Json, at: string) => renderValue(item, context, path + at, fill, depth + 1)
  if (Array.isArray(value)) return value.map((item, at) => rendered(item, `[${at}]`)).filter((item) => item !== undefined)
  const entries = Object.entries(value).map(([name, item]) => [name, rendered(item, pathTo(name))] as const)
  for (const [name] of entries) takeRoom(context.meter, name.length)
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined))
}

export function pathTo(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

function renderText(text: string, context: EvaluationContext, fill: Fill): Value {
  const { meter } = context
  if (!isTemplate(text)) {
    takeRoom(meter, text.length + 2)
    return text
  }
  const template = parseTemplate(text)
  const whole = wholeHole(template)
  if (whole !== null) {
    const value = fill(whole, context)
    if (value !== undefined) takeRoom(meter, measure(meter, value))
    return value
  }
  const parts = template.map((part) => {
    const piece = typeof part === 'string' ? part : writeHole(part, fill(part, context), context)
    takeRoom(meter, piece.length)
    return piece
  })
  return parts.join('')
}

/** The value of a `${…}`. A missing value is an error unless the expression ends with `?`. */
export function fillHole(hole: Hole, context: EvaluationContext): Value {
  spend(context.meter, 20 + (hole.source.length >> 2))
  try {
    const value = evaluate(hole.expression, context.root, context)
    if (value !== undefined || hole.optional) return value
    throw new ExpressionError('missing', `${explainMissing(hole.expression, context)} (end it with ? if it may be missing)`)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    if (error.fault === 'missing' && hole.optional) return undefined
    throw new ExpressionError(error.fault, `\${${shorten(hole.source)}}: ${error.message}`)
  }
}

function writeHole({ source, optional }: Hole, value: Value, { meter }: EvaluationContext): string {
  if (value === undefined || (value === null && optional)) return ''
  if (value === null) throw typeError(`\${${shorten(source)}}: null cannot be written into a text (end it with ? to write nothing)`)
  if (typeof value === 'object') takeRoom(meter, measure(meter, value))
  return toText(value)
}

const shorten = (source: string): string => (source.length > 120 ? `${source.slice(0, 120)}…` : source)
