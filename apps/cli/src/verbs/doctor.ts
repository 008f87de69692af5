import type { Command } from 'commander'
import { findConnection } from '../connection.ts'
import { addCommonFlags, type CommonFlags } from '../derive/derive-verb.ts'
import { type Checkup, checkHealth, checkKey, checkNode, checkServer, checkWorkers, type Finding } from '../doctor/checks.ts'
import { EXIT } from '../exit-codes.ts'
import { Exit, type Io } from '../io.ts'
import { asTyped } from '../output/as-typed.ts'
import { type Shown, shown, shownJson } from '../shown.ts'

export function addDoctor(root: Command, io: Io): void {
  const command = root
    .command('doctor')
    .summary('Check this machine, the connection and the server')
    .description(
      'Checks this machine, the connection, the server, its database and invariants, the clocks and the workers. ' +
        'Exits with status 5 if it finds a fault.',
    )
  addCommonFlags(command).action(async (flags: CommonFlags) => {
    const findings = await examine(io, flags)
    if (flags.json === true) io.out(shown`${shownJson(findings)}\n`)
    else for (const finding of findings) io.out(describe(io, finding))
    if (findings.some(({ state }) => state === 'wrong')) throw new Exit(EXIT.unwell)
  })
}

/** Runs the checks in order. A check is skipped if an earlier one that it depends on has failed. */
async function examine(io: Io, flags: CommonFlags): Promise<readonly Finding[]> {
  const connection = findConnection(io, flags)
  const checkup: Checkup = { connection, signal: io.signal }
  const findings: Finding[] = [checkNode(process.versions.node)]
  const server = await checkServer(checkup)
  findings.push(...server)
  if (server.some(({ state }) => state === 'wrong')) return findings
  findings.push(...(await checkHealth(checkup)))
  const key = await checkKey(checkup)
  findings.push(key)
  if (key.state === 'well') findings.push(...(await checkWorkers(checkup)))
  return findings
}

function describe(io: Io, { state, subject, text, remedy }: Finding): Shown {
  const mark = state === 'well' ? io.style('green', 'ok   ') : state === 'doubtful' ? io.style('yellow', 'warn ') : io.style('red', 'fail ')
  return shown`${mark}  ${subject.padEnd(12)} ${text}\n${remedy === undefined ? '' : shown`${' '.repeat(20)}${asTyped(io, remedy)}\n`}`
}
