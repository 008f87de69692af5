import type { Json } from '@orrery/contract'
import type { Comparison, Expression, Spread } from './expression.ts'
import { syntaxError } from './expression-error.ts'
import { lexExpression, type Token } from './lex-expression.ts'
import { isIndexOrSlice, parseIndexOrSlice } from './parse-bracket.ts'
import { type Cursor, expect, isSymbol, next, peek, take } from './token-cursor.ts'

/** How strongly a symbol binds to the expression on its left. */
const POWERS: Readonly<Record<string, number>> = {
  '|': 1,
  '||': 2,
  '&&': 3,
  '==': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
  '[]': 9,
  '[?': 21,
  '.': 40,
  '[': 55,
}
/** `!a.b` negates `b` (JMESPath's own table differs), `!a == b` negates `a`. */
const PREFIX = 8
/** A symbol that binds more weakly is not part of a projection: it is applied to the result. */
const PROJECTED = 10
const STAR = 20
const FLAT = 9
const FILTER = 21
const CURRENT: Expression = { type: 'current' }
const WORDS: ReadonlyMap<string, Json> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

export interface Parsed {
  readonly expression: Expression
  /** Where parsing stopped: the end of the text, or the closing brace. */
  readonly end: number
  /** The expression ends with a question mark: a missing value is allowed. */
  readonly optional: boolean
}

/**
 * Parses JMESPath (jmespath.org/specification.html) with additions: numbers, `true`, `false` and `null` without backticks, `+ - * / %`,
 * durations, `$` for the scope. Throws ExpressionError.
 *
 * @param from where the expression begins in `source`; with `closed` it ends before the `}` that it did not open itself.
 */
export function parseExpression(source: string, from = 0, closed = false): Parsed {
  const cursor: Cursor = { tokens: lexExpression(source, from, closed), at: 0 }
  if (peek(cursor).type === 'end') throw syntaxError('there is no expression', from)
  const expression = parse(cursor, 0)
  const optional = take(cursor, '?')
  const { type, text, at } = peek(cursor)
  if (type !== 'end' && optional)
    throw syntaxError('a question mark is allowed only at the end; for a choice write if(condition, a, b)', at)
  if (type !== 'end') throw syntaxError(`${text === '' ? 'a text' : text} was not expected here`, at)
  return { expression, end: at, optional }
}

function parse(cursor: Cursor, power: number): Expression {
  return parseOn(cursor, parseFirst(cursor), power)
}

function parseOn(cursor: Cursor, first: Expression, power: number): Expression {
  let left = first
  while (power < powerOf(peek(cursor))) left = parseNext(cursor, left, next(cursor).text)
  return left
}

const powerOf = ({ type, text }: Token): number => (type === 'symbol' ? (POWERS[text] ?? 0) : 0)

function parseFirst(cursor: Cursor): Expression {
  const { type, text, at } = next(cursor)
  switch (type) {
    case 'name': {
      if (take(cursor, '(')) return { type: 'call', name: text, args: parseArguments(cursor) }
      const word = WORDS.get(text)
      return word === undefined ? { type: 'field', name: text } : { type: 'literal', value: word }
    }
    case 'quoted':
      if (isSymbol(cursor, '(')) throw syntaxError('the name of a function is written without quotes', at)
      return { type: 'field', name: text }
    case 'number':
      return { type: 'literal', value: Number(text) }
    case 'text':
    case 'duration':
      return { type: 'literal', value: text }
    case 'json':
      return { type: 'literal', value: JSON.parse(text) as Json }
    case 'symbol':
      return parseFirstSymbol(cursor, text, at)
    case 'end':
      throw syntaxError('the expression ends where a value was expected', at)
  }
}

function parseFirstSymbol(cursor: Cursor, symbol: string, at: number): Expression {
  switch (symbol) {
    case '@':
      return CURRENT
    case '$':
      return { type: 'root' }
    case '*':
      return project(cursor, 'values', CURRENT, STAR)
    case '[]':
      return project(cursor, 'flat', CURRENT, FLAT)
    case '[?':
      return parseFilter(cursor, CURRENT)
    case '!':
      return { type: 'not', of: parse(cursor, PREFIX) }
    case '-':
      return negate(parse(cursor, PREFIX))
    case '(': {
      const inner = parse(cursor, 0)
      expect(cursor, ')')
      return inner
    }
    case '{':
      return parseObject(cursor)
    case '[':
      return isIndexOrSlice(cursor) ? parseBracket(cursor, CURRENT) : parseList(cursor)
    case '&':
      throw syntaxError('& is allowed only before an argument of a function, as in sort_by(list, &name)', at)
    default:
      throw syntaxError(`a value was expected before ${symbol}`, at)
  }
}

function negate(of: Expression): Expression {
  if (of.type === 'literal' && typeof of.value === 'number') return { type: 'literal', value: -of.value }
  return { type: 'arithmetic', operator: '-', left: { type: 'literal', value: 0 }, right: of }
}

function parseNext(cursor: Cursor, left: Expression, symbol: string): Expression {
  const power = POWERS[symbol] ?? 0
  switch (symbol) {
    case '|':
      return { type: 'chain', left, right: parse(cursor, power) }
    case '||':
      return { type: 'or', left, right: parse(cursor, power) }
    case '&&':
      return { type: 'and', left, right: parse(cursor, power) }
    case '.':
      return take(cursor, '*') ? project(cursor, 'values', left, STAR) : { type: 'chain', left, right: parseMember(cursor) }
    case '[]':
      return project(cursor, 'flat', left, FLAT)
    case '[?':
      return parseFilter(cursor, left)
    case '[':
      return parseBracket(cursor, left)
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return { type: 'arithmetic', operator: symbol, left, right: parse(cursor, power) }
    default:
      // The symbols of POWERS that remain are comparisons.
      return { type: 'compare', operator: symbol as Comparison, left, right: parse(cursor, power) }
  }
}

/** What may follow a dot. After a dot, `true` is an ordinary name. */
function parseMember(cursor: Cursor): Expression {
  const { type, text, at } = next(cursor)
  if (type === 'name' && take(cursor, '(')) return { type: 'call', name: text, args: parseArguments(cursor) }
  if (type === 'name' || type === 'quoted') return { type: 'field', name: text }
  if (type === 'symbol' && text === '[') {
    if (isIndexOrSlice(cursor) && !isSymbol(cursor, '*')) throw syntaxError('an index has no dot before it: items[0]', at)
    return parseList(cursor)
  }
  if (type === 'symbol' && text === '{') return parseObject(cursor)
  throw syntaxError('a name was expected after the dot', at)
}

function parseBracket(cursor: Cursor, left: Expression): Expression {
  if (take(cursor, '*')) {
    expect(cursor, ']')
    return project(cursor, 'list', left, STAR)
  }
  const place = parseIndexOrSlice(cursor, left)
  return place.type === 'slice' ? project(cursor, 'list', place, STAR) : place
}

function parseFilter(cursor: Cursor, left: Expression): Expression {
  const condition = parse(cursor, 0)
  expect(cursor, ']')
  return { type: 'projection', spread: 'filter', left, right: parseProjected(cursor, FILTER), condition }
}

function project(cursor: Cursor, spread: Spread, left: Expression, power: number): Expression {
  return { type: 'projection', spread, left, right: parseProjected(cursor, power), condition: null }
}

/** What is applied to each element: a dot or a bracket, and everything that binds to it more strongly than the projection does. */
function parseProjected(cursor: Cursor, power: number): Expression {
  if (powerOf(peek(cursor)) < PROJECTED) return CURRENT
  if (!take(cursor, '.')) return parse(cursor, power)
  return parseOn(cursor, take(cursor, '*') ? project(cursor, 'values', CURRENT, STAR) : parseMember(cursor), power)
}

function parseArguments(cursor: Cursor): readonly Expression[] {
  const args: Expression[] = []
  if (take(cursor, ')')) return args
  do {
    args.push(take(cursor, '&') ? { type: 'lambda', body: parse(cursor, 0) } : parse(cursor, 0))
  } while (take(cursor, ','))
  expect(cursor, ')')
  return args
}

function parseList(cursor: Cursor): Expression {
  const items: Expression[] = []
  do {
    items.push(parse(cursor, 0))
  } while (take(cursor, ','))
  expect(cursor, ']')
  return { type: 'list', items }
}

function parseObject(cursor: Cursor): Expression {
  const entries: (readonly [string, Expression])[] = []
  do {
    const { type, text, at } = next(cursor)
    if (type !== 'name' && type !== 'quoted') throw syntaxError('the name of a member was expected', at)
    expect(cursor, ':')
    entries.push([text, parse(cursor, 0)])
  } while (take(cursor, ','))
  expect(cursor, '}')
  return { type: 'object', entries }
}
