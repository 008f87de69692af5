/** Lines of iCalendar: `NAME;PARAM=VALUE:value`, folded with a line break and a space (RFC 5545 3.1). */
import { quote, refuse } from './parsing.ts'

export interface ContentLine {
  /** In upper case. */
  readonly name: string
  /** Names in upper case; values as written, without quotation marks. */
  readonly parameters: ReadonlyMap<string, string>
  readonly value: string
  readonly position: number
  readonly valuePosition: number
}

/** The text without folds, and a function that maps a position in it to the position in the folded text. */
export function unfold(folded: string): { readonly text: string; readonly positionBefore: (position: number) => number } {
  const folds: { readonly at: number; readonly removed: number }[] = []
  let removed = 0
  const text = folded.replace(/\r?\n[ \t]/g, (fold: string, at: number) => {
    folds.push({ at: at - removed, removed: fold.length })
    removed += fold.length
    return ''
  })
  return { text, positionBefore: (position) => folds.reduce((sum, fold) => (fold.at <= position ? sum + fold.removed : sum), position) }
}

/** The lines that are not empty, with their positions in the (unfolded) text. */
export function* splitLines(text: string): Generator<{ readonly line: string; readonly position: number }> {
  let position = 0
  for (const piece of text.split('\n')) {
    const line = piece.endsWith('\r') ? piece.slice(0, -1) : piece
    if (line !== '') yield { line, position }
    position += piece.length + 1
  }
}

const PARAMETERS_MAX = 50

const namePattern = /^[A-Za-z0-9-]+/
const parameterPattern = /;([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*(?:,[^";:,]*)*)/y

export function parseContentLine(line: string, position: number): ContentLine {
  const name = namePattern.exec(line)?.[0]
  if (name === undefined) refuse(position, `${quote(line)} does not start with the name of a property`)
  const parameters = new Map<string, string>()
  let at = name.length
  for (;;) {
    parameterPattern.lastIndex = at
    const match = parameterPattern.exec(line)
    if (!match) break
    parameters.set((match[1] ?? '').toUpperCase(), (match[2] ?? '').replaceAll('"', ''))
    at += match[0].length
    if (parameters.size > PARAMETERS_MAX) refuse(position + at, `${name} has more than ${PARAMETERS_MAX} parameters`)
  }
  // Some programs end the parameters with a semicolon.
  if (line.startsWith(';:', at)) at += 1
  if (line[at] !== ':') refuse(position + at, `${name} needs a colon before its value`)
  return { name: name.toUpperCase(), parameters, value: line.slice(at + 1), position, valuePosition: position + at + 1 }
}
