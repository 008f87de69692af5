import { describeLargeNumber, parseExactJson } from '@orrery/contract'
import { parseDuration } from '@orrery/recurrence/duration'
import { syntaxError } from './expression-error.ts'

export interface Token {
  readonly type: 'name' | 'quoted' | 'text' | 'json' | 'number' | 'duration' | 'symbol' | 'end'
  /** Without quotes and with escapes resolved; JSON is kept as written. Empty for `end`. */
  readonly text: string
  readonly at: number
}

/** Bounds the depth of the parsed expression, and so every recursion over it. */
const TOKENS_MAX = 500
const EXPRESSION_LENGTH_MAX = 8192

const SPACE = /[ \t\r\n]+/y
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const FIGURES = /\d[A-Za-z0-9_.]*/y
const SYMBOL = /\[\?|\[\]|&&|\|\||==|!=|<=|>=|[.*[\]{}(),:@$&|!<>+\-/%?]/y
const QUOTED = { "'": 'text', '"': 'quoted', '`': 'json' } as const

/**
 * The tokens of an expression that begins at `from`. With `closed`, the expression ends before the first `}` that it did not open itself;
 * that brace is required. The last token is always `end`. Throws ExpressionError.
 */
export function lexExpression(source: string, from = 0, closed = false): readonly Token[] {
  const tokens: Token[] = []
  let at = from
  let braces = 0
  for (;;) {
    at += match(SPACE, source, at).length
    const next = source[at]
    if (next === undefined || (closed && braces === 0 && next === '}')) break
    const token = readToken(source, at, next)
    if (tokens.length >= TOKENS_MAX || at + token.text.length - from > EXPRESSION_LENGTH_MAX)
      throw syntaxError('the expression is too long', at)
    if (token.text === '{') braces += token.type === 'symbol' ? 1 : 0
    if (token.text === '}') braces -= token.type === 'symbol' ? 1 : 0
    tokens.push(token.type === 'quoted' || token.type === 'text' || token.type === 'json' ? unquote(token) : token)
    at += token.text.length
  }
  if (closed && source[at] !== '}') throw syntaxError('`${` has no closing `}`; write `\\${` for the two characters themselves', from)
  tokens.push({ type: 'end', text: '', at })
  return tokens
}

function readToken(source: string, at: number, next: string): Token {
  const name = match(NAME, source, at)
  if (name !== '') return { type: 'name', text: name, at }
  if (next === "'" || next === '"' || next === '`') return { type: QUOTED[next], text: readQuoted(source, at, next), at }
  const figures = match(FIGURES, source, at)
  if (figures !== '') return { type: isNumber(figures, at) ? 'number' : 'duration', text: figures, at }
  const symbol = match(SYMBOL, source, at)
  if (symbol === '') throw syntaxError(next === '=' ? 'write == to compare' : `${JSON.stringify(next)} has no meaning here`, at)
  return { type: 'symbol', text: symbol, at }
}

/** From the quote to the next quote of the same kind that is not escaped. */
function readQuoted(source: string, from: number, quote: string): string {
  for (let at = from + 1; at < source.length && at - from <= EXPRESSION_LENGTH_MAX; at += 1) {
    if (source[at] === '\\') at += 1
    else if (source[at] === quote) return source.slice(from, at + 1)
  }
  throw syntaxError(`the closing ${quote} is missing`, from)
}

function match(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0] ?? ''
}

function isNumber(figures: string, at: number): boolean {
  if (/^\d{1,300}(?:\.\d{1,300})?$/.test(figures)) {
    const isKept = figures.includes('.') || Number.isSafeInteger(Number(figures))
    if (!isKept) throw syntaxError(`${describeLargeNumber({ path: '', digits: figures }).message}; write it as a text`, at)
    return true
  }
  if (parseDuration(figures).ok) return false
  throw syntaxError(`${figures.slice(0, 64)} is neither a number nor a duration such as 24h or 1h30m`, at)
}

/** As JMESPath's own implementations decide which literals in backticks are JSON. */
const LOOKS_LIKE_JSON = /^\s*(?:[[{"]|-?\d|(?:true|false|null)\s*$|$)/

/** JMESPath's rules: in '…' the only escape is \', in "…" the escapes are those of JSON, and `…` is JSON. */
function unquote({ type, text, at }: Token): Token {
  const inner = text.slice(1, -1)
  if (type === 'text') return { type, text: inner.replaceAll("\\'", "'"), at }
  if (type === 'quoted') return { type, text: String(parseJson(text, at)), at }
  const json = inner.replaceAll('\\`', '`')
  // JMESPath's older literals: a text without its quotes.
  if (!LOOKS_LIKE_JSON.test(json)) return { type: 'text', text: json.trimStart(), at }
  parseJson(json, at)
  return { type: 'json', text: json, at }
}

function parseJson(text: string, at: number): unknown {
  try {
    const parsed = parseExactJson(text)
    if (parsed.ok) return parsed.value
    throw syntaxError(`${describeLargeNumber(parsed.large).message}; write it as a text`, at)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw syntaxError(`${text.slice(0, 40)} is not JSON; a text in single quotes does not need to be: 'like this'`, at)
  }
}
