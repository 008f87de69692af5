import type { Client, RunProgress } from '@orrery/client'
import type { Command } from 'commander'
import { connect } from '../connection.ts'
import { addCommonFlags, type CommonFlags, makeCommand } from '../derive/derive-verb.ts'
import { resolveId } from '../derive/resolve-id.ts'
import { EXIT } from '../exit-codes.ts'
import { Exit, type Io } from '../io.ts'
import { asTyped } from '../output/as-typed.ts'
import { createRate, describeProgress } from '../output/progress-line.ts'
import { cutEnd, shown, shownJson } from '../shown.ts'

export function addRunsWatch(root: Command, io: Io): void {
  const command = makeCommand(root, 'runs watch')
    .summary('Show the progress of a run until it ends')
    .description('Shows the progress of a run until it ends, across restarts of the server. Exits with status 5 unless the run succeeded.')
    .argument('<runId>')
  addCommonFlags(command).action(async (given: string, flags: CommonFlags) => {
    const client = await connect(io, flags)
    await showProgress(io, client, String(await resolveId(io, client, 'runId', given)), flags.json === true)
  })
}

/**
 * On a terminal, redraws one line. Elsewhere, prints a new line at each change of status and every five seconds. As JSON,
 * prints an object per line.
 */
export async function showProgress(io: Io, client: Client, runId: string, asJson: boolean): Promise<void> {
  const printer = asJson ? printJsonLines(io) : io.isTerminal ? redrawLine(io) : printLines(io)
  let last: RunProgress | null = null
  try {
    for await (const progress of client.runs.watch(runId, { signal: io.signal })) {
      printer.show(progress)
      last = progress
    }
  } finally {
    printer.end()
  }
  if (last?.result == null) return
  if (!asJson) printEnd(io, last)
  if (last.status !== 'succeeded') throw new Exit(EXIT.unwell)
}

/** Waits for the end, across restarts of the server, and prints only it. Exits with status 5 unless the run succeeded. */
export async function waitForEnd(io: Io, client: Client, runId: string, asJson: boolean): Promise<void> {
  let last: RunProgress | null = null
  for await (const progress of client.runs.watch(runId, { signal: io.signal })) last = progress
  if (last?.result == null) return
  if (asJson) io.out(shown`${shownJson(last.result)}\n`)
  else printEnd(io, last)
  if (last.status !== 'succeeded') throw new Exit(EXIT.unwell)
}

interface Printer {
  show(progress: RunProgress): void
  end(): void
}

function printJsonLines(io: Io): Printer {
  return { show: (progress) => io.out(shown`${shownJson(progress, 0)}\n`), end: () => {} }
}

function printLines(io: Io): Printer {
  const rate = createRate()
  let before: RunProgress | null = null
  let printedAt = 0
  return {
    show(progress) {
      const perSecond = rate(progress)
      const changed = before?.status !== progress.status || before.connected !== progress.connected
      before = progress
      if (!changed && Date.now() - printedAt < 5_000) return
      printedAt = Date.now()
      io.out(shown`${describeProgress(progress, perSecond, Date.now())}\n`)
    },
    end: () => {},
  }
}

function redrawLine(io: Io): Printer {
  const rate = createRate()
  let last: { readonly progress: RunProgress; readonly perSecond: number } | null = null
  const draw = () => {
    if (last === null) return
    const line = describeProgress(last.progress, last.perSecond, Date.now(), 20)
    io.out(shown`\r\u001b[K${cutEnd(line, Math.max(20, io.columns - 1))}`)
  }
  // Redraw every second, so that the elapsed time advances.
  const clock = setInterval(draw, 1_000)
  return {
    show(progress) {
      last = { progress, perSecond: rate(progress) }
      draw()
    },
    end() {
      clearInterval(clock)
      if (last !== null) io.out(shown`\n`)
    },
  }
}

function printEnd(io: Io, { result, runId, status }: RunProgress): void {
  if (result?.error != null) io.out(shown`${io.style('red', status)}  ${result.error.name}: ${result.error.message}\n`)
  else if (status === 'succeeded') io.out(shown`${io.style('green', status)}  ${shorten(io, JSON.stringify(result?.output), runId)}\n`)
  else io.out(shown`${io.style('yellow', status)}\n`)
  io.out(shown`${io.style('dim', asTyped(io, `orrery runs history ${runId}`))}\n`)
}

function shorten(io: Io, text: string, runId: string): string {
  if (text.length <= 500) return text
  return `${text.slice(0, 480)}… +${text.length - 480} characters, ${asTyped(io, `all of them: orrery runs result ${runId} --json`)}`
}
