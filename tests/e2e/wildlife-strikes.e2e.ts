/**
 * Runs the wildlife-strikes example as a user would: in a project outside the checkout, with its own server and 3,000 real records. Kills
 * the server with `kill -9` in the middle, and later all processes including PostgreSQL. Every record must be recorded exactly once. Then
 * starts runs through curl, tRPC and MCP.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { createClient, type OutputOf } from '@orrery/client'
import type { AppRouter } from '@orrery/server/router'
import { createTRPCClient, httpBatchLink } from '@trpc/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { type App, newApp, readConnection, type Spawned } from './new-app.ts'
import { freePort, killHard, processesOf } from './processes.ts'

type Entry = OutputOf<'runs.history'>['items'][number]

let app: App
let dev: Spawned
let port: number

beforeAll(async () => {
  port = await freePort()
  app = await newApp('--example', 'wildlife-strikes')
  dev = await startDev()
}, 420_000)

afterAll(async () => {
  dev?.kill('SIGTERM')
  await dev?.exited
  const left = app === undefined ? [] : processesOf(app.folder)
  for (const { pid } of left) killHard(pid)
  app?.remove()
  expect(left, 'a stopped `orrery dev` leaves no processes').toEqual([])
}, 60_000)

async function startDev(): Promise<Spawned> {
  const spawned = app.spawn(['dev', '--port', String(port)])
  await until(`the server is ready\n${spawned.text()}`, () => isDeployed(spawned), 120_000)
  return spawned
}

async function isDeployed(spawned: Spawned): Promise<boolean> {
  if (!/server +http/.test(spawned.text())) return false
  // With a timeout, so that a server that accepts a request and never answers shows up as a failure and not as a test that hangs.
  const { workflows } = createClient({ ...readConnection(app), attempts: 3, timeoutMs: 20_000 })
  return (await workflows.list()).items.some(({ name }) => name === 'triage')
}

function client() {
  return createClient(readConnection(app))
}

function serverPid(): number {
  const found = processesOf(app.folder).filter(({ command }) => /@orrery\/server\/.*--project/.test(command))
  expect(found).toHaveLength(1)
  return found[0]?.pid ?? 0
}

async function stepsOf(runId: string): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client().runs.history({ runId, limit: 200, ...(cursor === undefined ? {} : { cursor }) })
    entries.push(...page.items)
    cursor = page.nextCursor
  }
  return entries
}

function wait(runId: string) {
  return until(
    `${runId} ends`,
    async () => {
      const result = await client().runs.result({ runId, timeout: '20s' })
      return result.done ? result : null
    },
    120_000,
  )
}

test('the tests of the new project pass', async () => {
  const { status, out, err } = await app.npm(['test'])
  expect(status, out + err).toBe(0)
  expect(out).toMatch(/Tests\s+2 passed/)
}, 120_000)

test('a run of 3,000 records survives two kill -9 and records each one exactly once', async () => {
  const started = await app.orrery(['runs', 'start', 'triage', '--input', '@data/strikes-3000.json', '--json'])
  expect(started.status, started.err).toBe(0)
  const { runId } = JSON.parse(started.out) as { runId: string }
  const watcher = app.spawn(['runs', 'watch', runId])
  const recorded = async (count: number) => (await stepsOf(runId)).length >= count

  await until('400 records are done', () => recorded(400), 60_000)
  const first = serverPid()
  killHard(first)
  await until(
    'dev has started another server',
    () => /died/.test(dev.text()) && !processesOf(app.folder).some(({ pid }) => pid === first) && /is back/.test(dev.text()),
    60_000,
  )

  await until('1,200 records are done', () => recorded(1200), 90_000)
  const everything = processesOf(app.folder).filter(({ pid }) => pid !== watcher.pid)
  expect(everything.some(({ command }) => /postgres/.test(command))).toBe(true)
  for (const { pid, command } of everything) if (!/runs watch/.test(command)) killHard(pid)
  await dev.exited
  dev = await startDev()

  expect(await watcher.exited, watcher.text()).toBe(0)
  expect(watcher.text()).toMatch(/succeeded {2}3,249 steps/)

  const history = await stepsOf(runId)
  expect(history.map(({ seq }) => seq)).toEqual(history.map((_, at) => at + 1))
  const steps = history.filter(({ kind }) => kind === 'step')
  expect(new Set(steps.map(({ cmd }) => cmd)).size).toBe(steps.length)
  const assessed = steps.filter(({ name }) => name === 'assess').map(({ input }) => (input as { report: { id: number } }).report.id)
  expect(assessed.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 3000 }, (_, at) => at + 1))
  expect(steps.filter(({ name }) => name === 'estimate')).toHaveLength(248)
  expect(steps.filter(({ name }) => name === 'write-report')).toHaveLength(1)

  const { output } = await client().runs.get({ runId })
  expect(output).toMatchObject({ reportedUsd: 14_337_663 })
  const { report } = output as { report: string }
  expect(report.startsWith(join(app.folder, 'out'))).toBe(true)
  expect(readFileSync(report, 'utf8')).toContain('3000 reports: ')
}, 280_000)

test('`orrery audit verify` and `orrery doctor` report no faults afterwards', async () => {
  const verified = await app.orrery(['audit', 'verify'])
  expect(verified.status, verified.out + verified.err).toBe(0)
  const examined = await app.orrery(['doctor'])
  expect(examined.status, examined.out + examined.err).toBe(0)
}, 60_000)

/** The input of the runs that the tests below start: the first records of the same file, at full speed. */
function smallInput() {
  const { reports } = JSON.parse(readFileSync(join(app.folder, 'data/strikes-3000.json'), 'utf8')) as { reports: object[] }
  return { reports: reports.slice(0, 25), paceMs: 0 } as never
}

test('curl starts a run, and a second request with the same idempotency key starts no other', async () => {
  const { url, key } = readConnection(app)
  const body = JSON.stringify({ workflow: 'triage', input: smallInput() })
  const headers = [`Authorization: Bearer ${key}`, 'Content-Type: application/json', 'Idempotency-Key: strikes-curl']
  const post = () =>
    JSON.parse(
      execFileSync('curl', ['-sS', `${url}/api/v1/runs`, ...headers.flatMap((header) => ['-H', header]), '-d', '@-'], {
        input: body,
        encoding: 'utf8',
      }),
    ) as { runId: string }
  const { runId } = post()
  expect(await wait(runId)).toMatchObject({ status: 'succeeded' })
  expect(post().runId).toBe(runId)
}, 60_000)

test('a tRPC client starts a run, with the types of the router', async () => {
  const { url, key } = readConnection(app)
  const trpc = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: `${url}/trpc`, headers: { authorization: `Bearer ${key}` } })] })
  const { runId } = await trpc.runs.start.mutate({ workflow: 'triage', input: smallInput() })
  expect(await wait(runId)).toMatchObject({ status: 'succeeded' })
  const run = await trpc.runs.get.query({ runId })
  expect(run.status).toBe('succeeded')
}, 60_000)

test('an MCP client starts a run over HTTP and over stdio', async () => {
  const { url, key } = readConnection(app)
  const overHttp = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${key}` } },
  })
  const overStdio = new StdioClientTransport({
    command: join(app.folder, 'node_modules/.bin/node'),
    args: [join(app.folder, 'node_modules/@orrery/cli/bin/orrery.mjs'), 'mcp'],
    cwd: app.folder,
  })
  for (const transport of [overHttp, overStdio]) {
    const mcp = new McpClient({ name: 'wildlife-strikes', version: '1.0.0' })
    await mcp.connect(transport)
    expect((await mcp.listTools()).tools.map(({ name }) => name)).toContain('run_start')
    const answer = await mcp.callTool({ name: 'run_start', arguments: { workflow: 'triage', input: smallInput() } })
    const { runId } = answer.structuredContent as { runId: string }
    expect(await wait(runId)).toMatchObject({ status: 'succeeded' })
    await mcp.close()
  }
}, 60_000)

test('`orrery dev` deploys a saved file while the server runs, and new runs use it', async () => {
  const { writeFileSync } = await import('node:fs')
  const source = [
    `import { workflow } from '@orrery/sdk'`,
    `export const hello = workflow('hello', async (_ctx, { name }: { name: string }) => ({ greeting: 'Hello ' + name }))`,
  ].join('\n')
  writeFileSync(join(app.folder, 'workflows/hello.ts'), source)
  await until('hello is deployed', async () => (await client().workflows.list()).items.some(({ name }) => name === 'hello'), 30_000)
  const said = await app.orrery(['runs', 'start', 'hello', '--input', '{"name":"Ada"}', '--watch'])
  expect(said.status, said.out + said.err).toBe(0)
  expect(said.out).toContain('{"greeting":"Hello Ada"}')
}, 60_000)
