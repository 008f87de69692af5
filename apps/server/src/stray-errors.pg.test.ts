/** The server as a process, with a project whose code fails: the server stays, and the errors are found where they belong, with their lines. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { killPrograms, type Program, runProgram } from './testing/run-program.fixture.ts'

const SOURCE = `
import { step, workflow } from '@orrery/sdk'
import { linger } from './steps.js'

const reject = step('reject', { retry: false }, () => {
  void Promise.reject(new Error('of the step'))
  return new Promise(() => {})
})
export const fails = workflow('fails', async (ctx) => ctx.run(reject))
export const returns = workflow('returns', async (ctx) => ctx.run(linger))

interface Order { readonly id: string }
const charge = step('charge', { retry: false }, async (order: Order) => {
  throw new TypeError('no card')
})
export const pays = workflow('pays', async (ctx) => ctx.run(charge, { id: 'a' }))
export const denies = workflow('denies', async (ctx) => {
  await ctx.sleep('1ms')
  for (;;) throw new RangeError('denied')
})
`

const STEPS = `
import { step } from '@orrery/sdk'

setTimeout(() => { throw new Error('of the module') }, 1)

export const linger = step('linger', () => {
  setTimeout(() => { throw new Error('of the timer') }, 1)
  return 'returned'
})
`

let database: TestDatabase
let folder: string
let data: string
let server: Program
let url: string

beforeAll(async () => {
  database = await createTestDatabase()
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'orrery-project-')))
  mkdirSync(join(folder, 'node_modules/@orrery'), { recursive: true })
  symlinkSync(join(import.meta.dirname, '../../../packages/sdk'), join(folder, 'node_modules/@orrery/sdk'))
  data = mkdtempSync(join(tmpdir(), 'orrery-stray-'))
  mkdirSync(join(folder, 'workflows'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'workflows/astray.ts'), SOURCE)
  writeFileSync(join(folder, 'workflows/steps.js'), STEPS)
  server = runProgram(['--project', folder], { DATABASE_URL: database.url, ORRERY_DATA: data })
  url = await server.ready()
})
afterAll(async () => {
  killPrograms()
  await database?.drop()
  for (const path of [folder, data]) rmSync(path, { recursive: true, force: true })
})

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { authorization: `Bearer ${server.key()}`, 'content-type': 'application/json' }
  return (await (await fetch(`${url}/api/v1${path}`, { ...init, headers })).json()) as T
}

async function runToEnd(workflow: string) {
  const { runId } = await call<{ runId: string }>('/runs', { method: 'POST', body: JSON.stringify({ workflow }) })
  const result = await call<{ status: string; error: { message: string } | null }>(`/runs/${runId}/result?timeout=30s`)
  const lines = () => call<{ items: { step: string; attempt: number; level: string; message: string }[] }>(`/runs/${runId}/logs`)
  return { runId, result, lines }
}

test('a rejection that nothing handles fails its step', async () => {
  const { result } = await runToEnd('fails')
  expect(result).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('of the step') } })
})

test('an error after the step has returned is in the log of its run and of the server', async () => {
  const { result, lines } = await runToEnd('returns')
  expect(result.status).toBe('succeeded')
  await expect
    .poll(async () => (await lines()).items)
    .toMatchObject([{ step: 'linger', attempt: 1, level: 'error', message: expect.stringContaining('of the timer') }])
  expect(server.err()).toMatch(/step \\"linger\\", attempt 1: of the timer/)
})

const lineOf = (text: string) => SOURCE.slice(0, SOURCE.indexOf(text)).split('\n').length

test('the stacks of steps and workflows have the author’s files and lines, in results and in the history', async () => {
  const [pays, denies] = [await runToEnd('pays'), await runToEnd('denies')]
  const { items } = await call<{ items: { name: string; error: { stack: string } | null }[] }>(`/runs/${pays.runId}/history`)
  const stepPlace = `${join(folder, 'workflows/astray.ts')}:${lineOf("throw new TypeError('no card')")}:9`
  expect(items.find(({ name }) => name === 'charge')?.error?.stack).toContain(stepPlace)
  expect(pays.result.error).toMatchObject({ stack: expect.stringContaining(stepPlace) })
  expect(denies.result.error).toMatchObject({
    stack: `RangeError: denied\n    at workflows/astray.ts:${lineOf("throw new RangeError('denied')")}:18`,
  })
})

test('an error of the project’s modules is in the log of the server, which stays', async () => {
  await expect.poll(() => server.err()).toContain('of the module')
  expect(server.err()).not.toContain('uncaught error')
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
})
