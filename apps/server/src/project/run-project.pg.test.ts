import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { PROJECT, startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

let database: TestDatabase
let server: TestServer
let folder: string
let file: string

beforeAll(async () => {
  database = await createTestDatabase()
  // Inside the checkout, so that its imports resolve.
  const home = join(import.meta.dirname, '../../node_modules/.cache')
  mkdirSync(home, { recursive: true })
  folder = mkdtempSync(join(home, 'project-'))
  file = join(folder, 'workflows/greet.fixture.ts')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  server = await startTestServer(database.url, ['--project', folder, '--watch'])
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

async function greet(): Promise<unknown> {
  const { runId } = await server.post<{ runId: string }>('/api/v1/runs', { workflow: 'greet', input: { name: 'Ada' } })
  const { output } = await server.json<{ output: { greeting: string } | null }>(`/api/v1/runs/${runId}/result?timeout=20s`)
  return output?.greeting
}

const edit = (from: string, to: string) => writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
const versions = async () => (await server.json<{ items: unknown[] }>('/api/v1/workflows/greet/versions')).items.length

test('starts with a folder without workflows, and deploys the first workflow that is written', async () => {
  await expect.poll(() => server.log()).toContain('the project has no workflows in code')
  expect(server.log()).not.toContain('does not build')
  cpSync(PROJECT, folder, { recursive: true })
  await expect.poll(() => server.log(), { timeout: 15_000 }).toContain('the project is deployed')
})

test('uses a changed step in the next run, keeps the deployed version after a broken build, says when it builds again, and deploys a changed workflow as a new version', async () => {
  expect(await greet()).toBe('Hello, Ada!')
  const before = await versions()

  edit('Hello, ', 'Good day, ')
  await expect.poll(greet, { timeout: 15_000 }).toBe('Good day, Ada!')
  expect(await versions()).toBe(before)

  edit('export const greet', 'export cnst greet')
  await expect.poll(() => server.log(), { timeout: 15_000 }).toContain('does not build; the previous version stays deployed')
  expect(await greet()).toBe('Good day, Ada!')

  edit('export cnst greet', 'export const greet')
  await expect.poll(() => server.log(), { timeout: 15_000 }).toContain('builds again, unchanged')
  edit('{ greeting: await ctx.run(compose, input) }', "{ greeting: (await ctx.run(compose, input)) + ' Again.' }")
  await expect.poll(greet, { timeout: 15_000 }).toBe('Good day, Ada! Again.')
  expect(await versions()).toBe(before + 1)
})
