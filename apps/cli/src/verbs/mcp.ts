import type { Command } from 'commander'
import { findConnection } from '../connection.ts'
import { addCommonFlags, type CommonFlags } from '../derive/derive-verb.ts'
import { type Io, UsageError } from '../io.ts'
import { version } from '../version.ts'

export function addMcp(root: Command, io: Io): void {
  const command = root
    .command('mcp')
    .summary('Serve MCP on standard input and output')
    .description(
      'A Model Context Protocol server on standard input and output, with the tools of the server’s own /mcp. For clients that start a program; others connect to /mcp.',
    )
  addCommonFlags(command).action(async (flags: CommonFlags) => {
    const { url, key } = findConnection(io, flags)
    if (key === null) throw new UsageError('orrery mcp needs a key: ORRERY_KEY, "orrery login", or a project that "orrery dev" runs')
    const { serveMcpStdio } = await import('@orrery/server/mcp-stdio')
    serveMcpStdio({ url, key, version, onError: (error) => io.err(`${error.message}\n`) })
    // The client ends it by closing our input, or with a signal.
    await new Promise<void>((resolve) => {
      process.stdin.once('close', resolve)
      process.stdin.once('end', resolve)
      io.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  })
}
