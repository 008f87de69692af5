/** Cells longer than this are cut, and say by how much. */
const CELL_MAX = 60

export interface Table {
  readonly text: string
  /** How many cells were cut. */
  readonly cut: number
}

/** Rows as a table, columns in the order of the first row that has them. Those that are empty in every row are left out and named. */
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
      // A SHA-256 is told from others by its first letters, as everywhere.
      const keep = /^[0-9a-f]{64}$/.test(whole) ? 12 : CELL_MAX - 8
      if (whole.length <= (keep === 12 ? 12 : CELL_MAX)) return whole
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

/** One line, whatever the value. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'string') return value.replace(/\p{Cc}/gu, (letter) => JSON.stringify(letter).slice(1, -1))
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ')
  return JSON.stringify(value)
}
