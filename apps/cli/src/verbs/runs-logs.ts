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

/** `runs logs` prints lines instead of a table. `--follow` continues until the run has ended. */
export function addRunsLogs(root: Command, io: Io, verb: Verb): void {
  const command = deriveVerb(root, io, verb, {
    print: async (answer, flags, { client, input }) => {
      const runId = String(input.runId)
      if (flags.follow === true) return followLogs(io, client, runId, flags.json === true)
      if (flags.json === true || flags.full === true) return printAnswer(io, verb, answer, flags)
      const { items, nextCursor } = answer as OutputOf<'runs.logs'>
      printLines(io, items)
      if (items.length === 0) io.out(shown`none\n`)
      if (nextCursor !== null) io.err(shown`${io.style('dim', `next page: --cursor ${nextCursor}`)}\n`)
    },
  })
  command.option('-F, --follow', 'show new lines until the run ends; as JSON, one object a line')
}

/** Reads the log to its end again and again: it grows at its end, so only the last page is read twice. */
async function followLogs(io: Io, client: Client, runId: string, asJson: boolean): Promise<void> {
  let cursor: string | undefined
  let seen = 0
  const readOn = async (): Promise<void> => {
    for (;;) {
      const page = await client.runs.logs({ runId, limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) }, { signal: io.signal })
      const fresh = page.items.slice(seen)
      if (asJson) for (const line of fresh) io.out(shown`${shownJson(line, 0)}\n`)
      else printLines(io, fresh)
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

function printLines(io: Io, lines: readonly Line[]): void {
  for (const { at, level, cmd, step, attempt, message, data } of lines) {
    // Older lines have no name.
    const place = cmd === 0 ? '' : `${step ?? `step ${cmd}`}${attempt > 1 ? ` (attempt ${attempt})` : ''}: `
    const time = io.style('dim', formatClock(at))
    const word = io.style(COLOURS[level] ?? 'dim', level.padEnd(5))
    io.out(shown`${time}  ${word}  ${place}${shownLines(message, 17)}${data === null ? '' : ` ${JSON.stringify(data)}`}\n`)
  }
}
