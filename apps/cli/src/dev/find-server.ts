import { fileURLToPath } from 'node:url'

/** Node arguments that run the server that belongs to this command: its source in a checkout, otherwise the installed package. */
export function findServer(): readonly string[] {
  // `resolve` uses the same export conditions as this module's imports.
  const entry = import.meta.resolve('@orrery/server')
  if (entry.endsWith('.ts')) return ['--conditions=orrery-source', fileURLToPath(new URL('main.ts', entry))]
  return [fileURLToPath(new URL('../bin/orrery-server.mjs', entry))]
}

/** Node arguments that run the server's MCP program on standard input and output. */
export function findMcpProgram(): readonly string[] {
  const program = import.meta.resolve('@orrery/server/mcp-stdio')
  return program.endsWith('.ts') ? ['--conditions=orrery-source', fileURLToPath(program)] : [fileURLToPath(program)]
}
