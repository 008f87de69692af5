/** Longer cells are cut, and show by how much. */
const CELL_LENGTH_MAX = 60

export interface Table {
  readonly text: string
  /** How many cells were cut. */
  readonly cut: number
}

/**
 * Formats rows as a table. Columns appear in the order in which rows first have them; columns that are empty in every row are
 * omitted and returned in `empty`.
 */
export function formatTable(rows: readonly Readonly<Record<string, unknown>>[]): Table & { readonly empty: readonly string[] } {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const isEmpty = (name: string) =>
    rows.every((row) => row[name] === null || row[name] === undefined || (Array.isArray(row[name]) && row[name].length === 0))
  const empty = names.filter(isEmpty)
  const columns = names.filter((name) => !empty.includes(name))
  let cut = 0
  const body = rows.map((row) =>
    columns.map((name) => {
      const whole = cellText(row[name])
      // The first 12 characters are enough to identify a SHA-256.
      const keep = /^[0-9a-f]{64}$/.test(whole) ? 12 : CELL_LENGTH_MAX - 8
      if (whole.length <= (keep === 12 ? 12 : CELL_LENGTH_MAX)) return whole
      cut += 1
      return `${whole.slice(0, keep)}… +${whole.length - keep}`
    }),
  )
  const head = columns.map((name) => name.replace(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase())
  const widths = columns.map((_, at) => Math.max(...[head, ...body].map((line) => line[at]?.length ?? 0)))
  const lines = [head, ...body].map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return { text: `${lines.join('\n')}\n`, cut, empty }
}

/** Formats any value as one line. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'string') return value.replace(/\p{Cc}/gu, (letter) => JSON.stringify(letter).slice(1, -1))
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ')
  return JSON.stringify(value)
}
