/** What passes between a process and the one that runs its bundles: a line each, with JSON text, which contains no line breaks. */

export interface Request {
  readonly type: 'open' | 'activate' | 'validate' | 'describe' | 'locate' | 'close'
  /** A name that the parent chose for the bundle. */
  readonly bundle: string
  /**
   * `open`: JSON of the code. `activate`: JSON of Activation[]. `validate`: JSON of [workflow, input as text][]. `locate`: JSON of
   * `{ stacks, map? }`; without `map`, the last one holds.
   */
  readonly text: string
}

export interface Answer {
  readonly ok: boolean
  /** JSON: what the bundle answered, or a Refusal. Empty for `open` and `close`. */
  readonly text: string
}

export interface Refusal {
  readonly message: string
  /** The run whose code did not return. */
  readonly run?: string
  /** An earlier call had ended the sandbox. */
  readonly isGone?: boolean
}

/** Of a refusal's message. */
export const MESSAGE_CHARS_MAX = 8000
/** The parent parses an answer of this length in about 50 ms if it is one text. */
export const ANSWER_CHARS_MAX = 16 * 2 ** 20
/** The parent parses, checks and writes again an answer of 250,000 small values in about 50 ms. */
export const ANSWER_VALUES_MAX = 250_000

/** Roughly how many values a JSON text has: each begins after a bracket, a brace or a comma. */
export function countValues(json: string): number {
  // Each takes at least one character, and nearly all texts are short.
  if (json.length <= ANSWER_VALUES_MAX) return 0
  let values = 0
  let inText = false
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) inText = !inText
    else if (inText) at += code === BACKSLASH ? 1 : 0
    else if (code === COMMA || code === BRACKET || code === BRACE) values++
  }
  return values
}

const QUOTE = 34
const COMMA = 44
const BRACKET = 91
const BACKSLASH = 92
const BRACE = 123

export function writeRequest({ type, bundle, text }: Request): string {
  return `${type} ${bundle} ${text}\n`
}

export function readRequest(line: string): Request {
  const first = line.indexOf(' ')
  const second = line.indexOf(' ', first + 1)
  return { type: line.slice(0, first) as Request['type'], bundle: line.slice(first + 1, second), text: line.slice(second + 1) }
}
