import { fileURLToPath } from 'node:url'

/** What to give Node so that it runs the server that belongs to this command: its source in a checkout, else as it was installed. */
export function findServer(): readonly string[] {
  // Resolved by the same export conditions as the imports around it.
  const entry = import.meta.resolve('@orrery/server')
  if (entry.endsWith('.ts')) return ['--conditions=orrery-source', fileURLToPath(new URL('main.ts', entry))]
  return [fileURLToPath(new URL('../bin/orrery-server.mjs', entry))]
}

/** The same for its MCP program on standard input and output. */
export function findMcpProgram(): readonly string[] {
  const program = import.meta.resolve('@orrery/server/mcp-stdio')
  return program.endsWith('.ts') ? ['--conditions=orrery-source', fileURLToPath(program)] : [fileURLToPath(program)]
}
