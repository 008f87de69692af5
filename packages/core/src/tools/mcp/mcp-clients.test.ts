import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { outsidePolicy } from '../../outside/outside-policy.ts'
import { eventually } from '../../testing/eventually.ts'
import { McpClients, type McpClientsOptions } from './mcp-clients.ts'

const require = createRequire(import.meta.url)
const everything = join(dirname(require.resolve('@modelcontextprotocol/server-everything/package.json')), 'dist/index.js')
const made: McpClients[] = []

function open(more: Partial<McpClientsOptions> = {}): McpClients {
  const clients = new McpClients({ outside: outsidePolicy, version: '0.0.0-test', isStdioAllowed: true, ...more })
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

/** Programs whose command line has this word. */
async function programs(mark: string): Promise<string[]> {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(mark) && !line.includes('ps -eo'))
}

test('a session serves many calls, and ends with all that it started', async () => {
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

test('an idle session goes, another setting is another session, and room is made', async () => {
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

test('a server that dies is not used again', async () => {
  const clients = open()
  const mark = `mark-${process.pid}-d`
  await clients.use(org, connection(mark), async (session) => {
    for (const line of await programs(mark)) process.kill(Number(line.trim().split(' ')[0]), 'SIGKILL')
    await eventually(async () => session.isBroken, Boolean)
  })
  expect(clients.size).toBe(0)
  expect(await clients.use(org, connection(mark), async (session) => (await session.tools()).has('echo'))).toBe(true)
})

test('programs and other kinds of connections are refused unless they are allowed', async () => {
  await expect(open({ isStdioAllowed: false }).use(org, connection('x'), async () => 1)).rejects.toThrow(/ORRERY_MCP_STDIO/)
  const other = { id: 'con_y', name: 'y', settings: { type: 'bearer' as const, token: 'x' } }
  await expect(open().use(org, other, async () => 1)).rejects.toThrow(/is of type bearer/)
})
