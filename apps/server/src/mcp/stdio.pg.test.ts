import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { PROJECT, startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

let database: TestDatabase
let server: TestServer

beforeAll(async () => {
  database = await createTestDatabase()
  server = await startTestServer(database.url, ['--project', PROJECT])
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
})

async function connect(url: string, key: string, mode: 'legacy' | 'auto'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  const program = join(import.meta.dirname, '../testing/mcp-stdio.fixture.ts')
  const args = ['--conditions=orrery-source', program]
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env: { ORRERY_URL: url, ORRERY_KEY: key } }))
  return client
}

test.each(['legacy', 'auto'] as const)('starts a run and waits for its result over standard input and output (%s era)', async (mode) => {
  const client = await connect(server.url, server.key, mode)
  const input = { workflow: 'greet', input: { name: 'Stdio' } }
  const started = await client.callTool({ name: 'run_start', arguments: input, _meta: { 'orrery/idempotencyKey': `stdio-${mode}` } })
  const { runId } = started.structuredContent as { runId: string }
  const again = await client.callTool({ name: 'run_start', arguments: input, _meta: { 'orrery/idempotencyKey': `stdio-${mode}` } })
  expect(again.structuredContent).toEqual(started.structuredContent)
  const result = await client.callTool({ name: 'run_result', arguments: { runId, timeout: '20s' } })
  expect(result.structuredContent).toMatchObject({ output: { greeting: 'Hello, Stdio!' } })
  const refused = await client.callTool({ name: 'run_get', arguments: { runId: 'run_01jb2m4k6q8r0s2t4v6w8x0y2z' } })
  expect([refused.isError, refused.structuredContent]).toMatchObject([true, { problem: { code: 'run.not_found' } }])
  await client.close()
})

test('refuses a number that it would change, with its place, and continues', async () => {
  const program = join(import.meta.dirname, '../testing/mcp-stdio.fixture.ts')
  const env = { ...process.env, ORRERY_URL: server.url, ORRERY_KEY: server.key }
  const child = spawn(process.execPath, ['--conditions=orrery-source', program], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ask = async (id: number, method: string, params: string) => {
    child.stdin.write(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n`)
    return JSON.parse((await answers.next()).value ?? '') as { id: number; error?: { code: number; message: string }; result?: unknown }
  }
  const client = '{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}'
  expect(await ask(1, 'initialize', client)).toMatchObject({ id: 1, result: {} })
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
  const call = (id: string) => `{"name":"run_start","arguments":{"workflow":"greet","input":{"name":"a","id":${id}}}}`
  expect(await ask(2, 'tools/call', call('9007199254740993'))).toEqual({
    jsonrpc: '2.0',
    id: 2,
    error: { code: -32602, message: expect.stringContaining('params.arguments.input.id: 9007199254740993 is more than a number can keep') },
  })
  expect(await ask(3, 'tools/call', call('1'))).toMatchObject({ id: 3, result: {} })
  const ended = once(child, 'exit')
  child.stdin.end()
  await ended
})

test('returns a problem that the model can read when the server cannot be reached', async () => {
  const client = await connect('http://127.0.0.1:1', server.key, 'auto')
  const refused = await client.callTool({ name: 'workflow_list', arguments: {} })
  expect([refused.isError, refused.structuredContent]).toMatchObject([true, { problem: { code: 'unavailable' } }])
  await client.close()
})
