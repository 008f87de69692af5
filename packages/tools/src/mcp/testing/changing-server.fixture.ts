/**
 * An MCP server on standard input whose tool is described by a file, which a test changes. Run as `node changing-server.fixture.ts <file>`.
 */
import { readFileSync } from 'node:fs'
import { Server } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'

const [, , file = ''] = process.argv
const server = new Server({ name: 'changing', version: '1.0.0' }, { capabilities: { tools: {} } })
server.setRequestHandler('tools/list', () => ({ tools: JSON.parse(readFileSync(file, 'utf8')) as never }))
server.setRequestHandler('tools/call', ({ params }) => ({ content: [{ type: 'text', text: `called ${params.name}` }] }))
await server.connect(new StdioServerTransport())
