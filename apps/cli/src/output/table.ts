import { cutEnd, join, padEnd, type Shown, shown } from '../shown.ts'
import { formatWhen } from './format-time.ts'
import { shortenId } from './short-id.ts'

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly now: number
  /** The names to show, in this order. Default: all, in the order in which rows first have them. */
  readonly columns?: readonly string[] | undefined
  /** Shows every column, whole ids, hashes and times, and cuts nothing. */
  readonly full?: boolean
}

export interface Table {
  readonly text: Shown
  /** How many cells were cut. */
  readonly cut: number
  /** Names that have values but are not shown. */
  readonly hidden: readonly string[]
}

/** Fields whose values come from users. They are shown as they are, even if they look like a time or an id. */
export const GIVEN: ReadonlySet<string> = new Set(['input', 'output', 'data', 'payload', 'params', 'value', 'detail', 'message'])
/** Columns of few short words, which say nothing if they are cut. */
const WORDS: ReadonlySet<string> = new Set(['status', 'runStatus', 'outcome', 'kind', 'state'])

type Row = Readonly<Record<string, unknown>>

const GAP = '  '
/** A column is not made narrower than this. */
const CELL_COLUMNS_MIN = 8
const HASH = /^[0-9a-f]{64}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

/**
 * Formats rows as a table that fits the width: the widest columns are cut first, then the last ones are left out. Columns that are empty in
 * every row are omitted, and so are hashes, unless they are what the list is about (its first column).
 */
export function formatTable(rows: readonly Row[], options: TableOptions): Table {
  const isShown = (name: string) => rows.some((row) => !isEmpty(row[name]) || (GIVEN.has(name) && Array.isArray(row[name])))
  const all = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter(isShown)
  const shownNames = options.full ? all : chooseColumns(rows, all, options.columns)
  const cells = rows.map((row) => shownNames.map((name) => cellText(row[name], options, GIVEN.has(name))))
  const heads = shownNames.map((name) => name.replace(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase())
  const natural = heads.map((head, at) => Math.max(...[head, ...cells.map((line) => line[at] ?? '')].map((text) => shown`${text}`.columns)))
  const isFixed = shownNames.map((name) => WORDS.has(name) || isHashColumn(rows, name))
  const widths = options.full ? natural : fitWidths(natural, isFixed, options.width)
  const names = shownNames.slice(0, widths.length)
  let cut = 0
  const lines = [heads, ...cells].map((line) =>
    join(
      widths.map((width, at) => {
        const text = line[at] ?? ''
        const cell = cutEnd(text, width)
        if (cell.columns < shown`${text}`.columns) cut += 1
        return at === widths.length - 1 ? cell : padEnd(cell, width)
      }),
      GAP,
    ),
  )
  return { text: shown`${join(lines, '\n')}\n`, cut, hidden: all.filter((name) => !names.includes(name)) }
}

function chooseColumns(rows: readonly Row[], all: readonly string[], wanted: readonly string[] | undefined): readonly string[] {
  const chosen = wanted?.filter((name) => all.includes(name)) ?? []
  // Rows that a newer server shapes in another way have none of the columns.
  return chosen.length > 0 ? chosen : all.filter((name, at) => at === 0 || !isHashColumn(rows, name))
}

function isHashColumn(rows: readonly Row[], name: string): boolean {
  return rows.every((row) => isEmpty(row[name]) || HASH.test(String(row[name])))
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0)
}

/** Narrows the widest columns until the line fits; leaves out the last columns if that is not enough. Fixed ones stay whole. */
function fitWidths(natural: readonly number[], isFixed: readonly boolean[], width: number): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1)
  while (total() > width) {
    const candidates = widths.map((one, at) => (isFixed[at] ? 0 : one))
    const widest = Math.max(...candidates)
    if (widest > CELL_COLUMNS_MIN) {
      const second = Math.max(CELL_COLUMNS_MIN, ...candidates.filter((one) => one < widest))
      widths[candidates.indexOf(widest)] = Math.max(second, widest - (total() - width))
    } else if (widths.length > 1) {
      widths.pop()
      // The others may have their room back.
      widths.splice(0, widths.length, ...natural.slice(0, widths.length))
    } else break
  }
  return widths
}

/** Formats any value as one line: ids short and times relative, unless `full` is set or the value is given by a user. */
export function cellText(value: unknown, options: Pick<TableOptions, 'full' | 'now'>, isGiven = false): string {
  const full = options.full === true || isGiven
  if (value === null || value === undefined) return '-'
  if (typeof value === 'string') return full ? value : TIME.test(value) ? formatWhen(value, options.now) : shortenId(value)
  if (Array.isArray(value) && !isGiven && value.every((item) => typeof item === 'string'))
    return value.length === 0 ? '-' : value.map((item) => (full ? item : shortenId(item))).join(', ')
  if (isFailure(value)) return `${value.name}: ${value.message}`
  return JSON.stringify(value)
}

/** The error of a run, a step or a call. */
export function isFailure(value: unknown): value is { readonly name: string; readonly message: string; readonly stack?: unknown } {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('message' in value)) return false
  return typeof value.name === 'string' && typeof value.message === 'string'
}
