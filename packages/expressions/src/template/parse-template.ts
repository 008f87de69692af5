import type { Json } from '@orrery/contract'
import type { Expression } from '../expression/expression.ts'
import { syntaxError } from '../expression/expression-error.ts'
import { parseExpression } from '../expression/parse-expression.ts'

/** A `${…}`. */
export interface Hole {
  readonly expression: Expression
  /** `${…?}`: a missing value is allowed. */
  readonly optional: boolean
  /** The expression as written. */
  readonly source: string
}

export type Template = readonly (string | Hole)[]

const HOLES_MAX = 1000
const ESCAPES_MAX = 10_000

export function isTemplate(text: string): boolean {
  return text.includes('${')
}

export function holdsTemplate(value: Json): boolean {
  if (typeof value === 'string') return isTemplate(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsTemplate)
}

/**
 * Splits a text into literal parts and `${…}`. A backslash before `${` escapes it; two backslashes there stand for
 * one. Throws ExpressionError with the offset in `text`.
 */
export function parseTemplate(text: string): Template {
  const parts: (string | Hole)[] = []
  let literal = ''
  let from = 0
  let escapes = 0
  for (let at = text.indexOf('${'); at >= 0; at = text.indexOf('${', from)) {
    const backslashes = countBackslashes(text, from, at)
    literal += text.slice(from, at - Math.ceil(backslashes / 2))
    if (backslashes % 2 === 1) {
      literal += '${'
      from = at + 2
      escapes += 1
      if (escapes > ESCAPES_MAX) throw syntaxError(`a text escapes at most ${ESCAPES_MAX} times`, at)
      continue
    }
    if (literal !== '') parts.push(literal)
    literal = ''
    const { expression, optional, end } = parseExpression(text, at + 2, true)
    parts.push({ expression, optional, source: text.slice(at + 2, end).trim() })
    if (parts.length > HOLES_MAX) throw syntaxError(`a text has at most ${HOLES_MAX} parts`, at)
    from = end + 1
  }
  literal += text.slice(from)
  if (literal !== '' || parts.length === 0) parts.push(literal)
  return parts
}

/** The `${…}` of a text that consists of nothing else, whose value keeps its type. Null for any other text. */
export function wholeHole(template: Template): Hole | null {
  const [only] = template
  return template.length === 1 && typeof only === 'object' ? only : null
}

/** Parses a condition: an expression, either bare or in `${…}`. Throws ExpressionError. */
export function parseCondition(text: string): Hole {
  if (!isTemplate(text)) {
    const { expression, optional } = parseExpression(text)
    return { expression, optional, source: text.trim() }
  }
  const hole = wholeHole(parseTemplate(text.trim()))
  if (hole === null) throw syntaxError('a condition is one expression; it has no text beside its ${…}', 0)
  return hole
}

function countBackslashes(text: string, from: number, at: number): number {
  let count = 0
  while (at - count > from && text[at - count - 1] === '\\') count += 1
  return count
}
