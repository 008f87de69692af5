import type { Json } from '@orrery/contract'
import type { Comparison, Expression, Spread } from './expression.ts'
import { syntaxError } from './expression-error.ts'
import { lexExpression, type Token } from './lex-expression.ts'
import { isPlace, parsePlace } from './parse-bracket.ts'
import { type Cursor, expect, isSymbol, next, peek, take } from './token-cursor.ts'

/** How strongly a symbol binds what stands on its left. */
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
/** `!a.b` is about `b` (in JMESPath's own table it is not), `!a == b` about `a`. */
const PREFIX = 8
/** What binds weaker is no part of a projection but is applied to its result. */
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
  /** Where it stopped: the end of the text, or the closing brace. */
  readonly end: number
  /** A question mark stands at the end: a missing value is allowed. */
  readonly optional: boolean
}

/**
 * JMESPath (jmespath.org/specification.html) with additions: numbers, `true`, `false` and `null` without backticks, `+ - * / %`, durations,
 * `$` for the scope. Throws ExpressionError.
 *
 * @param from where the expression begins in `source`; with `closed` it ends before the `}` that belongs to nothing in it.
 */
export function parseExpression(source: string, from = 0, closed = false): Parsed {
  const cursor: Cursor = { tokens: lexExpression(source, from, closed), at: 0 }
  if (peek(cursor).type === 'end') throw syntaxError('there is no expression', from)
  const expression = parse(cursor, 0)
  const optional = take(cursor, '?')
  const { type, text, at } = peek(cursor)
  if (type !== 'end' && optional) throw syntaxError('a question mark stands at the end; for a choice write if(condition, a, b)', at)
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
      if (isSymbol(cursor, '(')) throw syntaxError('the name of a function has no quotes', at)
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
      throw syntaxError('the expression ends where a value should stand', at)
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
      return isPlace(cursor) ? parseBracket(cursor, CURRENT) : parseList(cursor)
    case '&':
      throw syntaxError('& stands only before an argument of a function, as in sort_by(list, &name)', at)
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
      // What is left of POWERS are the comparisons.
      return { type: 'compare', operator: symbol as Comparison, left, right: parse(cursor, power) }
  }
}

/** What may follow a dot. Here `true` is a member like any other. */
function parseMember(cursor: Cursor): Expression {
  const { type, text, at } = next(cursor)
  if (type === 'name' && take(cursor, '(')) return { type: 'call', name: text, args: parseArguments(cursor) }
  if (type === 'name' || type === 'quoted') return { type: 'field', name: text }
  if (type === 'symbol' && text === '[') {
    if (isPlace(cursor) && !isSymbol(cursor, '*')) throw syntaxError('no dot stands before a place in a list: items[0]', at)
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
  const place = parsePlace(cursor, left)
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

/** What is applied to each element: a dot or a bracket and what binds to it more strongly than the projection. */
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
