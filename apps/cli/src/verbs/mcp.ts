import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { findConnection, orgIdOf } from '../connection.ts'
import { addCommonFlags, type CommonFlags } from '../derive/derive-verb.ts'
import { findMcpProgram } from '../dev/find-server.ts'
import { EXIT } from '../exit-codes.ts'
import { Exit, type Io, UsageError } from '../io.ts'

export function addMcp(root: Command, io: Io): void {
  const command = root
    .command('mcp')
    .summary('Serve MCP on standard input and output')
    .description(
      'Runs a Model Context Protocol server on standard input and output, with the same tools as /mcp of the server. ' +
        'For clients that start a program; other clients connect to /mcp.',
    )
  addCommonFlags(command).action(async (flags: CommonFlags) => {
    const connection = findConnection(io, flags)
    const { url, key } = connection
    if (key === null)
      throw new UsageError(
        'orrery mcp needs a key: set ORRERY_KEY, run "orrery login", or change to a project folder where "orrery dev" runs',
      )
    const org = await orgIdOf(connection, io.signal)
    const status = await runProgram(io, { ORRERY_URL: url, ORRERY_KEY: key, ORRERY_ORG: org ?? '' })
    if (status !== 0) throw new Exit(EXIT.failed)
  })
}

/** Runs the program with this process's input and output. It exits when its input ends or when this process is interrupted. */
function runProgram(io: Io, env: Readonly<Record<string, string>>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...findMcpProgram()], { stdio: 'inherit', env: { ...process.env, ...env } })
    io.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true })
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === 'SIGTERM' ? 0 : code))
  })
}
