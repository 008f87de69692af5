/** What passes between a process and the one that runs its bundles: a line each, with JSON text, which contains no line breaks. */

export interface Request {
  readonly type: 'open' | 'activate' | 'validate' | 'describe' | 'close'
  /** A name that the parent chose for the bundle. */
  readonly bundle: string
  /** `open`: JSON of the code. `activate`: JSON of Activation[]. `validate`: JSON of [workflow, input as text][]. */
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

/** The parent parses an answer of this length in about 50 ms. */
export const ANSWER_CHARS_MAX = 16 * 2 ** 20

export function writeRequest({ type, bundle, text }: Request): string {
  return `${type} ${bundle} ${text}\n`
}

export function readRequest(line: string): Request {
  const first = line.indexOf(' ')
  const second = line.indexOf(' ', first + 1)
  return { type: line.slice(0, first) as Request['type'], bundle: line.slice(first + 1, second), text: line.slice(second + 1) }
}
