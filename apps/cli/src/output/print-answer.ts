import type { Io } from '../io.ts'
import type { Verb } from '../registry/verb.ts'
import { cellText, formatTable } from './table.ts'

const VALUE_LENGTH_MAX = 2_000

/** Prints the answer of an operation for people, or as JSON. */
export function printAnswer(io: Io, verb: Verb, answer: unknown, asJson: boolean): void {
  if (asJson) {
    io.out(`${JSON.stringify(answer, null, 2)}\n`)
    return
  }
  if (typeof answer !== 'object' || answer === null) {
    io.out(`${cellText(answer)}\n`)
    return
  }
  const fields = answer as Record<string, unknown>
  const rows = verb.rows === undefined ? undefined : fields[verb.rows]
  if (Array.isArray(rows)) printRows(io, verb, rows, fields)
  else printFields(io, fields)
}

function printRows(io: Io, verb: Verb, rows: readonly Record<string, unknown>[], fields: Record<string, unknown>): void {
  const { [verb.rows ?? '']: _, nextCursor, ...rest } = fields
  if (rows.length === 0) io.out('none\n')
  else {
    const { text, cut, empty } = formatTable(rows)
    io.out(text)
    const notes = [`${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`]
    if (empty.length > 0) notes.push(`columns without a value: ${empty.join(', ')}`)
    if (cut > 0) notes.push(`${cut} long values shortened (--json shows them in full)`)
    io.err(`${io.style('dim', notes.join(' · '))}\n`)
  }
  if (Object.keys(rest).length > 0) printFields(io, rest)
  if (typeof nextCursor === 'string') io.err(`${io.style('dim', `next page: --cursor ${nextCursor}`)}\n`)
}

function printFields(io: Io, fields: Readonly<Record<string, unknown>>): void {
  const width = Math.max(0, ...Object.keys(fields).map((name) => name.length))
  for (const [name, value] of Object.entries(fields)) {
    const nested = typeof value === 'object' && value !== null
    const whole = nested ? JSON.stringify(value, null, 2) : cellText(value)
    const shown =
      whole.length <= VALUE_LENGTH_MAX
        ? whole
        : `${whole.slice(0, VALUE_LENGTH_MAX)}… +${whole.length - VALUE_LENGTH_MAX} characters (--json shows all)`
    io.out(`${io.style('dim', name.padEnd(width))}  ${shown.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}\n`)
  }
}
