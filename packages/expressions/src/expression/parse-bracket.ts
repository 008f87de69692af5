import type { Expression } from './expression.ts'
import { syntaxError } from './expression-error.ts'
import { type Cursor, isSymbol, next, peek, take } from './token-cursor.ts'

/** After an opening bracket: whether `0]`, `1:3]` or `*]` follows, as opposed to a list of expressions. */
export function isIndexOrSlice(cursor: Cursor): boolean {
  if (isSymbol(cursor, ':') || (isSymbol(cursor, '*') && isSymbol(cursor, ']', 1))) return true
  const ahead = isSymbol(cursor, '-') ? 1 : 0
  const isNumber = cursor.tokens[cursor.at + ahead]?.type === 'number'
  return isNumber && (isSymbol(cursor, ']', ahead + 1) || isSymbol(cursor, ':', ahead + 1))
}

/** The rest of `of[0]`, `of[from:to:by]`. */
export function parseIndexOrSlice(cursor: Cursor, of: Expression): Expression {
  const { at } = peek(cursor)
  const places: (number | null)[] = [null]
  while (!take(cursor, ']')) {
    if (take(cursor, ':')) places.push(null)
    else if (places.at(-1) === null) places[places.length - 1] = parseWhole(cursor)
    else throw syntaxError('a colon or ] was expected between the brackets', peek(cursor).at)
  }
  const [from = null, to = null, by = null] = places
  if (places.length > 3 || by === 0) throw syntaxError('a slice is written [from:to:by], and by is not 0', at)
  if (places.length > 1) return { type: 'slice', of, from, to, by: by ?? 1 }
  if (from === null) throw syntaxError('a number was expected between the brackets', at)
  return { type: 'index', of, index: from }
}

function parseWhole(cursor: Cursor): number {
  const sign = take(cursor, '-') ? -1 : 1
  const { type, text, at } = next(cursor)
  if (type !== 'number' || !/^\d{1,15}$/.test(text)) throw syntaxError('a whole number was expected between the brackets', at)
  return sign * Number(text)
}
