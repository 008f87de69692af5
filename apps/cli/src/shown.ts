import { plain } from '@orrery/contract/plain'

/**
 * Text that may be written to the terminal. Only `shown`, `shownLines`, `join` and `style` make it, and they escape what comes from
 * elsewhere: answers of the server, files, arguments. So no output can forget to.
 */
class Shown {
  readonly text: string
  /** Number of columns that the text takes on a terminal. */
  readonly columns: number

  private constructor(text: string, columns: number) {
    this.text = text
    this.columns = columns
  }

  /** Not escaped. Other files cannot call it, because only the type is exported. */
  static trusted(text: string, columns: number): Shown {
    return new Shown(text, columns)
  }
}

export type { Shown }

/** What may be put into output: text is escaped. */
export type Part = Shown | string | number

/** A template: what is written in it is ours; what is put into it is escaped, unless it is Shown already. */
export function shown(literals: TemplateStringsArray, ...parts: readonly Part[]): Shown {
  return join(literals.flatMap((literal, at) => [Shown.trusted(literal, columnsOf(literal)), ...parts.slice(at, at + 1)]))
}

export function join(parts: readonly Part[], separator = ''): Shown {
  const all = parts.map(toShown)
  const between = separator.length * Math.max(0, all.length - 1)
  return Shown.trusted(
    all.map(({ text }) => text).join(separator),
    all.reduce((sum, { columns }) => sum + columns, between),
  )
}

/** Text of several lines, such as a stack. Every line after the first is indented, so that none can be taken for a line of ours. */
export function shownLines(text: string, indent: number): Shown {
  return join(text.split(/\r?\n/), `\n${' '.repeat(indent)}`)
}

/** JSON with each control character escaped, which does not change its value. */
export function shownJson(value: unknown, indent = 2): Shown {
  return shownLines(JSON.stringify(value, null, indent) ?? 'null', 0)
}

/** Wraps the text in the escape sequences that `paint` adds. */
export function styled(paint: (text: string) => string, text: Part): Shown {
  const inner = toShown(text)
  return Shown.trusted(paint(inner.text), inner.columns)
}

export function padEnd(part: Part, width: number): Shown {
  const inner = toShown(part)
  return Shown.trusted(inner.text + ' '.repeat(Math.max(0, width - inner.columns)), Math.max(width, inner.columns))
}

/** As many columns as fit, with `…` at the end if something is missing. */
export function cutEnd(text: string, width: number): Shown {
  const whole = toShown(text)
  if (whole.columns <= width) return whole
  let cut = ''
  let columns = 0
  for (const letter of whole.text) {
    columns += columnsOf(letter)
    if (columns > width - 1) break
    cut += letter
  }
  return toShown(`${cut}…`)
}

function toShown(part: Part): Shown {
  if (part instanceof Shown) return part
  const text = plain(String(part))
  return Shown.trusted(text, columnsOf(text))
}

/** Letters that take two columns, by their blocks, and emoji. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const NARROW_ONLY = /^[\u0020-\u007e]*$/

function columnsOf(text: string): number {
  if (NARROW_ONLY.test(text)) return text.length
  let columns = 0
  for (const letter of text) columns += /\p{M}|\u200b|\u200d/u.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1
  return columns
}
