/** The binary as a process: what it prints, which settings it refuses, how it stops. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { killPrograms, runProgram } from './testing/run-program.fixture.ts'

let database: TestDatabase
let data: string

beforeAll(async () => {
  database = await createTestDatabase()
  data = mkdtempSync(join(tmpdir(), 'orrery-main-'))
})
afterAll(async () => {
  killPrograms()
  await database?.drop()
  rmSync(data, { recursive: true, force: true })
})

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runProgram(args, { DATABASE_URL: database.url, ORRERY_DATA: data, ...env })

test('shows a key at the first start and with --new-key only, and exits with 0 after a signal', async () => {
  const first = run([])
  const url = await first.ready()
  const secret = first.key() ?? ''
  expect((await fetch(`${url}/api/v1/orgs/current`, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(200)
  expect(first.err()).not.toContain(secret)
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)

  const second = run(['--new-key'])
  await second.ready()
  expect(second.key()).not.toBe(secret)
  second.child.kill('SIGINT')
  expect(await second.ended).toBe(0)

  const third = run([])
  await third.ready()
  expect(third.key()).toBeUndefined()
  third.child.kill('SIGTERM')
  expect(await third.ended).toBe(0)
})

test('opens no debugger at a signal of another program', async () => {
  const server = run([])
  const url = await server.ready()
  server.child.kill('SIGUSR1')
  for (let n = 0; n < 20; n++) expect((await fetch(`${url}/health/live`)).status).toBe(200)
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
  expect(server.err()).not.toContain('Debugger')
})

test('refuses invalid settings by name and does not repeat a secret value', async () => {
  const wrong = run([], { PORT: 'eighty', DATABASE_URL: 'mysql://root:hunter2@db/x' })
  expect(await wrong.ended).toBe(1)
  expect(wrong.err()).toMatch(/PORT must be a whole number.*"eighty"/)
  expect(wrong.err()).toMatch(/DATABASE_URL must be a URL/)
  expect(wrong.err()).not.toContain('hunter2')
})
