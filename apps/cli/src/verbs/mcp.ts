import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { findConnection } from '../connection.ts'
import { addCommonFlags, type CommonFlags } from '../derive/derive-verb.ts'
import { findMcpProgram } from '../dev/find-server.ts'
import { EXIT } from '../exit-codes.ts'
import { Exit, type Io, UsageError } from '../io.ts'

export function addMcp(root: Command, io: Io): void {
  const command = root
    .command('mcp')
    .summary('Serve MCP on standard input and output')
    .description(
      'A Model Context Protocol server on standard input and output, with the tools of the server’s own /mcp. ' +
        'For clients that start a program; others connect to /mcp.',
    )
  addCommonFlags(command).action(async (flags: CommonFlags) => {
    const { url, key } = findConnection(io, flags)
    if (key === null) throw new UsageError('orrery mcp needs a key: ORRERY_KEY, "orrery login", or a project that "orrery dev" runs')
    const status = await runProgram(io, { ORRERY_URL: url, ORRERY_KEY: key })
    if (status !== 0) throw new Exit(EXIT.failed)
  })
}

/** Input and output are the client's own; the program ends when they do, or with us. */
function runProgram(io: Io, env: Readonly<Record<string, string>>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...findMcpProgram()], { stdio: 'inherit', env: { ...process.env, ...env } })
    io.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true })
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === 'SIGTERM' ? 0 : code))
  })
}
