import { syntaxError } from './expression-error.ts'
import type { Token } from './lex-expression.ts'

/** A position in a list of tokens, the last of which is `end`. */
export interface Cursor {
  readonly tokens: readonly Token[]
  at: number
}

export function peek({ tokens, at }: Cursor): Token {
  // The last token is always `end`, and a caller that takes it throws.
  return tokens[Math.min(at, tokens.length - 1)] as Token
}

export function next(cursor: Cursor): Token {
  const token = peek(cursor)
  cursor.at += 1
  return token
}

export function isSymbol({ tokens, at }: Cursor, text: string, ahead = 0): boolean {
  const token = tokens[at + ahead]
  return token?.type === 'symbol' && token.text === text
}

/** Skips this symbol if it is next. */
export function take(cursor: Cursor, text: string): boolean {
  const found = isSymbol(cursor, text)
  if (found) cursor.at += 1
  return found
}

export function expect(cursor: Cursor, text: string): void {
  if (take(cursor, text)) return
  const { type, text: found, at } = peek(cursor)
  throw syntaxError(`${text} was expected ${type === 'end' ? 'at the end' : `before ${found}`}`, at)
}
