/**
 * Sessions with real MCP servers: one that runs as a program, and one over HTTP that never answers a call. Checks that sessions are shared,
 * limited and closed, and that no process and no request is left behind.
 */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { readOutsideAllow } from '../../../kernel/src/outside/outside-allow.ts'
import { outsidePolicy } from '../../../kernel/src/outside/outside-policy.ts'
import { listenHttp } from '../../../kernel/src/outside/testing/listen.fixture.ts'
import { McpClients, type McpClientsOptions } from './mcp-clients.ts'

const require = createRequire(import.meta.url)
const everything = join(dirname(require.resolve('@modelcontextprotocol/server-everything/package.json')), 'dist/index.js')
const made: McpClients[] = []

function open(more: Partial<McpClientsOptions> = {}): McpClients {
  const clients = new McpClients({ outside: { ...outsidePolicy, mayStartPrograms: true }, version: '0.0.0-test', ...more })
  made.push(clients)
  return clients
}

afterAll(async () => {
  for (const clients of made) await clients.stop()
})

const org = '00000000-0000-7000-8000-000000000001'
/** A shell that starts the server as its child, as npx does. */
const connection = (mark: string) => ({
  id: `con_${mark}`,
  name: mark,
  settings: { type: 'mcp_stdio' as const, command: '/bin/sh', args: ['-c', `"${process.execPath}" "${everything}" stdio ${mark}; true`] },
})

/** Running programs whose command line contains this mark. */
async function programs(mark: string): Promise<string[]> {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(mark) && !line.includes('ps -eo'))
}

test('shares a session between calls, and ends all its processes on stop', async () => {
  const clients = open()
  const mark = `mark-${process.pid}-a`
  const names = await Promise.all(
    [1, 2, 3].map(() => clients.use(org, connection(mark), async (session) => [...(await session.tools()).keys()])),
  )
  expect(names[0]).toContain('echo')
  expect([clients.size, (await programs(mark)).length]).toEqual([1, 2])
  await clients.stop()
  await eventually(
    () => programs(mark),
    (left) => left.length === 0,
  )
  expect(clients.size).toBe(0)
  await expect(clients.use(org, connection(mark), async () => 1)).rejects.toThrow(/stopping/)
})

test('ends background processes of a server that still hold its output', async () => {
  const clients = open()
  const mark = `mark-${process.pid}-left`
  const { settings, ...rest } = connection(mark)
  const [flag = '', script = ''] = settings.args
  const behind = `"${process.execPath}" -e "setInterval(() => 0, 1000)" ${mark} & ${script}`
  const leaving = { ...rest, settings: { ...settings, args: [flag, behind] } }
  await clients.use(org, leaving, (session) => session.client.ping())
  expect((await programs(mark)).length).toBeGreaterThan(1)
  await clients.stop()
  await eventually(
    () => programs(mark),
    (left) => left.length === 0,
  )
  // The same when the server dies by itself: the session reports that it is broken.
  const dying = open()
  await dying.use(org, leaving, async (session) => {
    for (const line of await programs(mark)) if (line.includes(everything)) process.kill(Number(line.trim().split(' ')[0]), 'SIGKILL')
    await eventually(async () => session.isBroken, Boolean)
  })
  await eventually(
    () => programs(mark),
    (left) => left.length === 0,
  )
})

test('removes every part of a secret from the reported standard error, wherever it is cut', async () => {
  const secret = 'hunter2-'.repeat(20)
  const write = 'process.stderr.write(`${process.env.TOKEN} ${"x".repeat(Number(process.env.PAD))}`, () => process.exit(1))'
  for (const pad of [1_850, 1_950, 1_990]) {
    const settings = { type: 'mcp_stdio' as const, command: process.execPath, args: ['-e', write], env: { TOKEN: secret, PAD: `${pad}` } }
    const error: unknown = await open()
      .use(org, { id: `con_${pad}`, name: 'words', settings }, async () => 1)
      .catch((reason: unknown) => reason)
    expect(String(error)).toContain('xxx')
    expect(String(error)).not.toContain('hunter2')
  }
})

test('closes idle sessions, and enforces the limit on sessions in use', async () => {
  const clients = open({ idleMs: 50, sessionsMax: 1 })
  const [one, two] = [`mark-${process.pid}-b`, `mark-${process.pid}-c`]
  await clients.use(org, connection(one), (session) => session.client.ping())
  await eventually(
    async () => clients.size,
    (size) => size === 0,
  )
  const hold = Promise.withResolvers<void>()
  const busy = clients.use(org, connection(one), () => hold.promise)
  await expect(clients.use(org, connection(two), async () => 1)).rejects.toThrow(/1 sessions/)
  hold.resolve()
  await busy
  expect(await clients.use(org, connection(two), async () => 2)).toBe(2)
  await clients.stop()
  await eventually(
    async () => [...(await programs(one)), ...(await programs(two))],
    (left) => left.length === 0,
  )
})

test('opens a new session after a server died', async () => {
  const clients = open()
  const mark = `mark-${process.pid}-d`
  await clients.use(org, connection(mark), async (session) => {
    for (const line of await programs(mark)) process.kill(Number(line.trim().split(' ')[0]), 'SIGKILL')
    await eventually(async () => session.isBroken, Boolean)
  })
  expect(clients.size).toBe(0)
  expect(await clients.use(org, connection(mark), async (session) => (await session.tools()).has('echo'))).toBe(true)
})

test('closes the request of a cancelled call to a server that never answers', async () => {
  let waiting = 0
  const notified: unknown[] = []
  const port = await listenHttp(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const message = (await json(request)) as { readonly id?: number; readonly method: string }
    if (message.id === undefined) notified.push(message.method)
    if (message.id === undefined) return void response.writeHead(202).end()
    if (message.method === 'tools/call') {
      waiting += 1
      response.once('close', () => {
        waiting -= 1
      })
      return
    }
    if (message.method !== 'initialize') return void response.writeHead(400).end()
    const result = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'silent', version: '1' } }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }))
  })
  const clients = open({ outside: { ...outsidePolicy, allow: readOutsideAllow('127.0.0.1') } })
  const settings = { type: 'mcp_http' as const, url: `http://127.0.0.1:${port}/mcp` }
  await clients.use(org, { id: 'con_silent', name: 'silent', settings }, async (session) => {
    const stop = new AbortController()
    const calling = session.call('any', {}, { signal: stop.signal, timeoutMs: 60_000 })
    await eventually(
      async () => waiting,
      (count) => count === 1,
    )
    stop.abort(new Error('Enough'))
    await expect(calling).rejects.toThrow(/Enough/)
    await eventually(
      async () => waiting,
      (count) => count === 0,
    )
    await eventually(
      async () => notified,
      (methods) => methods.includes('notifications/cancelled'),
    )
  })
})

test.each(['application/json', 'text/event-stream'])('keeps the digits of large numbers in answers over HTTP (%s)', async (type) => {
  const port = await listenHttp(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const message = (await json(request)) as { readonly id?: number | string; readonly method: string }
    if (message.id === undefined) return void response.writeHead(202).end()
    if (!['initialize', 'tools/call'].includes(message.method)) return void response.writeHead(400).end()
    const handshake = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'large', version: '1' } }
    const result =
      message.method === 'initialize' ? JSON.stringify(handshake) : '{"content":[],"structuredContent":{"id":9007199254740993,"é":1}}'
    const answer = `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${result}}`
    response.writeHead(200, { 'content-type': type })
    if (type === 'application/json') return void response.end(answer)
    // An id of an event is not JSON: it is sent back as it is.
    response.write(`id: 9007199254740993\r\nevent: message\r\ndata: ${answer.slice(0, 60)}`)
    response.end(`${answer.slice(60)}\r\n\r\n`)
  })
  const clients = open({ outside: { ...outsidePolicy, allow: readOutsideAllow('127.0.0.1') } })
  const settings = { type: 'mcp_http' as const, url: `http://127.0.0.1:${port}/mcp` }
  const { structuredContent } = await clients.use(org, { id: `con_${type}`, name: 'large', settings }, (session) =>
    session.call('any', {}, { signal: new AbortController().signal, timeoutMs: 10_000 }),
  )
  expect(structuredContent).toEqual({ id: '9007199254740993', é: 1 })
})

test('refuses programs unless they are allowed, and connections of other types', async () => {
  await expect(open({ outside: outsidePolicy }).use(org, connection('x'), async () => 1)).rejects.toThrow(/ORRERY_MCP_STDIO/)
  const other = { id: 'con_y', name: 'y', settings: { type: 'bearer' as const, token: 'x' } }
  await expect(open().use(org, other, async () => 1)).rejects.toThrow(/is of type bearer/)
})
