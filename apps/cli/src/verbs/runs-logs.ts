import type { Client, OutputOf } from '@orrery/client'
import type { Command } from 'commander'
import { deriveVerb } from '../derive/derive-verb.ts'
import type { Io } from '../io.ts'
import { formatClock } from '../output/format-time.ts'
import { printAnswer } from '../output/print-answer.ts'
import type { Verb } from '../registry/verb.ts'
import { shown, shownJson, shownLines } from '../shown.ts'

type Line = OutputOf<'runs.logs'>['items'][number]

const COLOURS = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red' } as const
const PAGE_ROWS = 200
/** How long one wait for the end of the run takes before the log is read again. */
const POLL = '1s'
/** The names of steps are looked for in this many pages of the history. */
const NAME_PAGES_MAX = 10

/** `runs logs` prints lines instead of a table. `--follow` continues until the run has ended. */
export function addRunsLogs(root: Command, io: Io, verb: Verb): void {
  const command = deriveVerb(root, io, verb, {
    print: async (answer, flags, { client, input }) => {
      const runId = String(input.runId)
      if (flags.follow === true) return followLogs(io, client, runId, flags.json === true)
      if (flags.json === true || flags.full === true) return printAnswer(io, verb, answer, flags)
      const { items, nextCursor } = answer as OutputOf<'runs.logs'>
      await printLines(io, items, createNames(client, runId))
      if (items.length === 0) io.out(shown`none\n`)
      if (nextCursor !== null) io.err(shown`${io.style('dim', `next page: --cursor ${nextCursor}`)}\n`)
    },
  })
  command.option('-F, --follow', 'show new lines until the run ends; as JSON, one object a line')
}

/** Reads the log to its end again and again: it grows at its end, so only the last page is read twice. */
async function followLogs(io: Io, client: Client, runId: string, asJson: boolean): Promise<void> {
  const names = createNames(client, runId)
  let cursor: string | undefined
  let seen = 0
  const readOn = async (): Promise<void> => {
    for (;;) {
      const page = await client.runs.logs({ runId, limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) }, { signal: io.signal })
      const fresh = page.items.slice(seen)
      if (asJson) for (const line of fresh) io.out(shown`${shownJson(line, 0)}\n`)
      else await printLines(io, fresh, names)
      seen = page.items.length
      if (page.nextCursor === null) return
      cursor = page.nextCursor
      seen = 0
    }
  }
  for (;;) {
    // The end is read first: the log that is read afterwards has all lines of a run that has ended.
    const { done } = await client.runs.result({ runId, timeout: seen === 0 && cursor === undefined ? '1ms' : POLL }, { signal: io.signal })
    await readOn()
    if (done) return
    if (seen === 0) await client.runs.result({ runId, timeout: POLL }, { signal: io.signal })
  }
}

async function printLines(io: Io, lines: readonly Line[], names: (cmd: number) => Promise<string>): Promise<void> {
  for (const { at, level, cmd, attempt, message, data } of lines) {
    const place = cmd === 0 ? '' : `${await names(cmd)}${attempt > 1 ? ` (attempt ${attempt})` : ''}: `
    const time = io.style('dim', formatClock(at))
    const word = io.style(COLOURS[level] ?? 'dim', level.padEnd(5))
    io.out(shown`${time}  ${word}  ${place}${shownLines(message, 17)}${data === null ? '' : ` ${JSON.stringify(data)}`}\n`)
  }
}

/** Names of steps by the number of their command, from the history. A step that has no outcome yet has no name there. */
function createNames(client: Client, runId: string): (cmd: number) => Promise<string> {
  const known = new Map<number, string>()
  return async (cmd) => {
    if (!known.has(cmd)) await learn(client, runId, cmd, known)
    return known.get(cmd) ?? `step ${cmd}`
  }
}

async function learn(client: Client, runId: string, cmd: number, known: Map<number, string>): Promise<void> {
  let cursor: string | null | undefined
  for (let page = 0; page < NAME_PAGES_MAX && cursor !== null && !known.has(cmd); page += 1) {
    const rows = await client.runs.history({ runId, limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) })
    for (const { cmd: number, name, step } of rows.items) if (number > 0) known.set(number, step ?? name)
    cursor = rows.nextCursor
  }
}
