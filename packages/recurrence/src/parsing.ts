/** The result of every parser in this package, and how it reports where a text is wrong. */

/** Why a text was refused; `position` counts characters from 0. */
export interface Malformed {
  readonly position: number
  readonly message: string
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Malformed }

class Refusal extends Error {
  readonly position: number
  constructor(position: number, message: string) {
    super(message)
    this.position = position
  }
}

/** Aborts a parse from any depth; `parseWith` turns it into an outcome. */
export function refuse(position: number, message: string): never {
  throw new Refusal(position, message)
}

/** Longer texts are refused without parsing. The longest sensible rule is a few hundred characters. */
const TEXT_LENGTH_MAX = 10_000

/** Runs a parser that calls `refuse` for malformed text. Any other error passes through. */
export function parseWith<T>(text: string, parse: () => T, lengthMax = TEXT_LENGTH_MAX): Parsed<T> {
  if (text.length > lengthMax) return { ok: false, problem: { position: lengthMax, message: `longer than ${lengthMax} characters` } }
  try {
    return { ok: true, value: parse() }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, problem: { position: error.position, message: error.message } }
    throw error
  }
}

/** A text for use inside a message: shortened and quoted. */
export const quote = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)

/** What is wrong with a schedule or a calendar, and at which path: `include[0].cron`. */
export interface Issue {
  readonly path: string
  readonly message: string
  /** The position in the text at that path, in characters from 0. */
  readonly position?: number
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: readonly Issue[] }

/** Collects issues, so that a caller sees all of them at once. */
export interface Issues {
  add(path: string, message: string, position?: number): undefined
  /** The value of a parse, or undefined after adding its problem. */
  take<T>(path: string, parsed: Parsed<T>): T | undefined
  conclude<T>(value: T): Checked<T>
}

export function collectIssues(): Issues {
  const issues: Issue[] = []
  const add = (path: string, message: string, position?: number): undefined => {
    issues.push(position === undefined ? { path, message } : { path, message, position })
  }
  return {
    add,
    take: (path, parsed) => (parsed.ok ? parsed.value : add(path, parsed.problem.message, parsed.problem.position)),
    conclude: (value) => (issues.length === 0 ? { ok: true, value } : { ok: false, issues }),
  }
}
