/** The binary, as a process: what it prints, what it refuses, how it stops. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'

let database: TestDatabase
let data: string
const started: ChildProcess[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  data = mkdtempSync(join(tmpdir(), 'orrery-main-'))
})
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
  await database?.drop()
  rmSync(data, { recursive: true, force: true })
})

interface Program {
  readonly child: ChildProcess
  out(): string
  err(): string
  /** Exit code. */
  readonly ended: Promise<number | null>
}

function run(args: readonly string[], env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, ['--conditions=orrery-source', join(import.meta.dirname, 'main.ts'), ...args], {
    env: { PATH: process.env.PATH ?? '', DATABASE_URL: database.url, ORRERY_DATA: data, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => (out += String(chunk)))
  child.stderr?.on('data', (chunk) => (err += String(chunk)))
  return { child, out: () => out, err: () => err, ended: once(child, 'exit').then(([code]) => code as number | null) }
}

const address = (program: Program) => /API +(http:\S+)\/api\/v1/.exec(program.out())?.[1]
const key = (program: Program) => /orr_\w{8}_[\w-]{43}/.exec(program.out())?.[0]

test('the first start shows a key once; a signal stops it in order; the second start shows none', async () => {
  const first = run([])
  await expect.poll(() => address(first), { timeout: 20_000 }).toBeDefined()
  const secret = key(first) ?? ''
  const url = address(first)
  expect((await fetch(`${url}/api/v1/orgs/current`, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(200)
  expect(first.err()).not.toContain(secret)
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)

  const second = run(['--new-key'])
  await expect.poll(() => address(second), { timeout: 20_000 }).toBeDefined()
  expect(key(second)).not.toBe(secret)
  second.child.kill('SIGINT')
  expect(await second.ended).toBe(0)

  const third = run([])
  await expect.poll(() => address(third), { timeout: 20_000 }).toBeDefined()
  expect(key(third)).toBeUndefined()
  third.child.kill('SIGTERM')
  expect(await third.ended).toBe(0)
})

test('a wrong value is refused at the start by its name, a secret one without itself', async () => {
  const wrong = run([], { PORT: 'eighty', DATABASE_URL: 'mysql://root:hunter2@db/x' })
  expect(await wrong.ended).toBe(2)
  expect(wrong.err()).toMatch(/PORT must be a whole number.*"eighty"/)
  expect(wrong.err()).toMatch(/DATABASE_URL must be a URL/)
  expect(wrong.err()).not.toContain('hunter2')
})

test('a database that cannot be reached ends the start, and its password is not told', async () => {
  const lost = run([], { DATABASE_URL: 'postgres://me:hunter2hunter2@127.0.0.1:1/x' })
  expect(await lost.ended).toBe(1)
  expect(lost.err()).toContain('could not start')
  expect(lost.err()).not.toContain('hunter2hunter2')
})

test('a port that is taken is told', async () => {
  const first = run([])
  await expect.poll(() => address(first), { timeout: 20_000 }).toBeDefined()
  const port = new URL(address(first) ?? '').port
  const second = run(['--port', port])
  expect(await second.ended).toBe(1)
  expect(second.err()).toContain('EADDRINUSE')
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
})
