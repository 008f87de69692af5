/**
 * An MCP server on standard input that also writes log lines to standard output, and that lists tools
 * which no client can use. Without a library, because those write only what is correct.
 */
import { createInterface } from 'node:readline'

const schema = { type: 'object', properties: { q: { type: 'string' } } }
const ODD_TOOLS = [
  { name: 'good', description: 'Works', inputSchema: schema },
  { name: 'no-schema', description: 'Has no arguments' },
  { name: 'text-schema', inputSchema: { type: 'string' } },
  { name: 'list-output', inputSchema: schema, outputSchema: { type: 'array' } },
  { name: 'draft-3', inputSchema: { ...schema, required: true } },
  { name: 7, inputSchema: schema },
  { name: 'no-text', description: 7, inputSchema: schema },
  null,
  { name: 'good', description: 'Works, twice', inputSchema: schema },
  { name: 'also-good', inputSchema: schema },
]

const write = (line: string) => process.stdout.write(`${line}\n`)
const answers: Readonly<Record<string, (params: { readonly name?: string; readonly protocolVersion?: string }) => unknown>> = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'odd', version: '1' } }),
  'tools/list': () => ({ tools: ODD_TOOLS }),
  'tools/call': ({ name }) => ({ content: [{ type: 'text', text: `called ${name}` }] }),
}

write(`Starting with ${process.env.TOKEN}, ${btoa(`${process.env.TOKEN}`)} …`)
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line) as { id?: number; method: string; params: object }
  for (const odd of ['', '{"level":"info","text":"got a message"}', '[1]', '7', '"text"', '{"jsonrpc":"2.0"', '\u001b[31mred\u001b[0m'])
    write(odd)
  if (id !== undefined) write(JSON.stringify({ jsonrpc: '2.0', id, result: answers[method]?.(params) ?? {} }))
}
