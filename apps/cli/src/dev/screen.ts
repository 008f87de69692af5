import type { Io } from '../io.ts'
import { asTyped } from '../output/as-typed.ts'
import { formatClock } from '../output/format-time.ts'
import { shortenId } from '../output/short-id.ts'
import { join, type Part, padEnd, type Shown, shown, shownLines } from '../shown.ts'

/** What `orrery dev` prints: one line for each thing that happens, in columns. */
export interface Screen {
  /** A line about the server or the project. */
  say(label: Label, text: Part): void
  /** A line about a run. */
  sayRun(label: Label, run: { readonly name: string; readonly runId: string }, text: Part): void
}

export type Label = keyof typeof COLOURS

const COLOURS = {
  server: 'bold',
  key: 'bold',
  account: 'bold',
  deployed: 'green',
  broken: 'red',
  fired: 'cyan',
  started: 'dim',
  ok: 'green',
  failed: 'red',
  ended: 'yellow',
  blocked: 'red',
  paused: 'yellow',
  resumed: 'dim',
  debug: 'dim',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
  died: 'red',
  stopped: 'bold',
  waiting: 'dim',
} as const

const LABEL_COLUMNS = 9
const NAME_COLUMNS_MAX = 28
/** Further lines about runs within a second are only counted, so that a thousand runs do not hide the others. */
const LINES_PER_SECOND_MAX = 40

export function createScreen(io: Io, clock: () => number = Date.now): Screen {
  let nameColumns = 0
  let second = 0
  let lines = 0
  let left = 0
  const print = (label: Label, rest: Shown, at: number): void => {
    const time = io.style('dim', formatClock(new Date(at).toISOString()))
    io.out(shown`${time}  ${io.style(COLOURS[label], padEnd(label, LABEL_COLUMNS))}  ${rest}\n`)
  }
  /** True if there is room for one more line in this second. */
  const takesRoom = (now: number): boolean => {
    const current = Math.floor(now / 1000)
    if (current !== second) {
      if (left > 0) print('info', io.style('dim', asTyped(io, `… and ${left} more lines; see orrery runs list`)), now)
      second = current
      lines = 0
      left = 0
    }
    lines += 1
    if (lines <= LINES_PER_SECOND_MAX) return true
    left += 1
    return false
  }
  return {
    say: (label, text) => print(label, shown`${text}`, clock()),
    sayRun: (label, { name, runId }, text) => {
      const now = clock()
      if (!takesRoom(now)) return
      nameColumns = Math.min(NAME_COLUMNS_MAX, Math.max(nameColumns, shown`${name}`.columns))
      const id = io.style('dim', shortenId(runId))
      const place = join([padEnd(name, nameColumns), id], '  ')
      print(label, text === '' ? place : shown`${place}  ${text}`, now)
    },
  }
}

/** Column at which the text of `say` begins. */
const TEXT_COLUMN = 8 + 2 + LABEL_COLUMNS + 2

/** Text that may have several lines; those after the first one are below the text of `say`. */
export function lines(text: string): Shown {
  return shownLines(text, TEXT_COLUMN)
}

/** The same on lines of its own, such as a stack or what is wrong with a build. */
export function below(text: string): Shown {
  return shown`\n${' '.repeat(TEXT_COLUMN)}${lines(text)}`
}
