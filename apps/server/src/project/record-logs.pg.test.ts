/** What steps and workflows log reaches the log of their run, and the program that gets the news of the project. Runs a real project. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { startServer } from '../compose.ts'
import { readConfig } from '../config.ts'
import { createLogger } from '../observe/logger.ts'
import type { ProjectNews } from './project-news.ts'

const SOURCE = `
import { step, workflow } from '@orrery/sdk'

const helper = async () => {
  await new Promise((resolve) => setImmediate(resolve))
  console.error('deep %s', 'down', { a: 1 })
}
const talk = step('talk', async ({ name }, s) => {
  console.log('hello', name)
  console.log('wrong', new Error('seen'))
  await helper()
  s.log.warn('by hand', { n: 1 })
  console.log({ [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('no') } })
  console.info('x'.repeat(20000))
  return null
})
const flood = step('flood', async () => {
  for (let at = 0; at < 1500; at += 1) console.debug(at)
})
export const chat = workflow('chat', async (ctx, input) => {
  ctx.log.info('from the workflow', input)
  await Promise.all([ctx.run(talk, { name: 'Ada' }), ctx.run(talk, { name: 'Grace' })])
})
export const much = workflow('much', async (ctx) => ctx.run(flood))
`

let database: TestDatabase
let folder: string
let data: string
let server: Awaited<ReturnType<typeof startServer>>
const news: ProjectNews[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  // Inside the checkout, so that its imports resolve.
  const home = join(import.meta.dirname, '../../node_modules/.cache')
  mkdirSync(home, { recursive: true })
  folder = mkdtempSync(join(home, 'project-'))
  data = mkdtempSync(join(tmpdir(), 'orrery-logs-'))
  mkdirSync(join(folder, 'workflows'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'workflows/chat.js'), SOURCE)
  const config = readConfig({ DATABASE_URL: database.url }, ['--port', '0', '--data', data, '--project', folder])
  const log = createLogger({ level: 'warn', format: 'json' })
  server = await startServer(config, log, new AbortController().signal, (one) => void news.push(one))
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
  for (const path of [folder, data]) rmSync(path, { recursive: true, force: true })
})

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { authorization: `Bearer ${server.adminKey}`, 'content-type': 'application/json' }
  return (await (await fetch(`${server.url}/api/v1${path}`, { ...init, headers })).json()) as T
}

async function runToEnd(workflow: string, input: unknown): Promise<string> {
  const { runId } = await call<{ runId: string }>('/runs', { method: 'POST', body: JSON.stringify({ workflow, input }) })
  expect(await call(`/runs/${runId}/result?timeout=30s`)).toMatchObject({ status: 'succeeded' })
  return runId
}

interface Line {
  readonly cmd: number
  readonly step: string | null
  readonly level: string
  readonly message: string
  readonly data: unknown
}

const linesOf = async (runId: string) => (await call<{ items: Line[] }>(`/runs/${runId}/logs?limit=200`)).items
const told = (runId: string) => news.filter((one) => one.type === 'line').filter((one) => one.runId === runId)

test('records what bodies write to the console, from wherever they call it, beside what they and the workflow log', async () => {
  const runId = await runToEnd('chat', { topic: 'stars' })
  const lines = await linesOf(runId)
  expect(lines[0]).toMatchObject({ cmd: 0, step: null, level: 'info', message: 'from the workflow', data: { topic: 'stars' } })
  const [first, second] = [1, 2].map((cmd) =>
    lines.filter((line) => line.cmd === cmd && line.step === 'talk').map(({ level, message }) => [level, message]),
  )
  const said = (name: string) => [
    ['info', `hello ${name}`],
    // Only the author's frames.
    ['info', expect.stringMatching(/^wrong Error: seen\n +at [^\n]*\.orrery\/steps-[^\n]+$/)],
    ['error', 'deep down { a: 1 }'],
    ['warn', 'by hand'],
    ['info', '(cannot be shown)'],
    ['info', `${'x'.repeat(16 * 1024)}… (${20000 - 16 * 1024} more characters)`],
  ]
  expect([first, second]).toEqual([said('Ada'), said('Grace')])
})

test('reports each line at once, with its run and its step', async () => {
  const runId = await runToEnd('chat', { topic: 'moons' })
  const lines = told(runId)
  expect(lines).toHaveLength(13)
  expect(lines.filter(({ step }) => step === null)).toMatchObject([
    { level: 'info', message: 'from the workflow', data: { topic: 'moons' } },
  ])
  expect(lines.filter(({ message }) => message === 'by hand')).toMatchObject([
    { step: 'talk', attempt: 1, level: 'warn', data: { n: 1 } },
    { step: 'talk', attempt: 1, level: 'warn', data: { n: 1 } },
  ])
})

test('records a bounded number of lines for an attempt, and says that there were more', async () => {
  const runId = await runToEnd('much', null)
  expect(told(runId)).toHaveLength(1001)
  expect(told(runId).at(-1)).toMatchObject({ level: 'warn', message: 'further lines of this attempt are left out; the most is 1000' })
})

test('leaves the console of everything else alone', async () => {
  const before = news.length
  console.debug('of the test')
  expect(news.slice(before)).toEqual([])
})
