/** A stop at an awkward moment: every part that has started is stopped in order, the embedded PostgreSQL included. */
import { on, once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { killHard, processesOf } from '../../../tests/e2e/processes.ts'
import { killPrograms, type Program, runProgram } from './testing/run-program.fixture.ts'
import { PROJECT } from './testing/start-test-server.fixture.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'orrery-stop-'))
})
afterEach(() => {
  killPrograms()
  for (const { pid } of processesOf(data)) killHard(pid)
  rmSync(data, { recursive: true, force: true, maxRetries: 5 })
})

const cluster = () => join(data, 'postgres')
const moments: [string, (program: Program) => boolean][] = [
  ['the cluster is being created', () => existsSync(cluster()) && readdirSync(cluster()).some((name) => name.startsWith('cluster.new-'))],
  ['PostgreSQL is starting', () => existsSync(join(cluster(), 'cluster/data/postmaster.pid'))],
  ['the server starts its parts after the migration', (program) => program.err().includes('the database is migrated')],
]

test.for(moments)('stops everything in order on SIGTERM while %s', async ([, hasCome]) => {
  const program = runProgram([], { ORRERY_DATA: data })
  await expect.poll(() => hasCome(program), { timeout: 20_000, interval: 5 }).toBe(true)
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
  expect(program.out()).toBe('')
  expect(program.err()).not.toMatch(/fatal|"error"/)
  expect(processesOf(data)).toEqual([])
})

test('starts on a data folder whose first start was interrupted', async () => {
  const first = runProgram([], { ORRERY_DATA: data })
  await expect.poll(() => existsSync(join(cluster(), 'cluster/data/postmaster.pid')), { timeout: 20_000, interval: 5 }).toBe(true)
  first.child.kill('SIGINT')
  expect(await first.ended).toBe(0)
  const second = runProgram([], { ORRERY_DATA: data })
  await second.ready()
  expect(second.key()).toBeDefined()
  second.child.kill('SIGTERM')
  expect(await second.ended).toBe(0)
  expect(processesOf(data)).toEqual([])
})

test('stops without waiting for a database that does not answer', async () => {
  const { server, sockets } = await listenInSilence()
  const { port } = server.address() as { port: number }
  const program = runProgram([], { ORRERY_DATA: data, DATABASE_URL: `postgres://me:secret@127.0.0.1:${port}/x` })
  await expect.poll(() => sockets.size, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0)
  const begun = performance.now()
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
  expect(performance.now() - begun).toBeLessThan(9_000)
  for (const socket of sockets) socket.destroy()
  server.close()
})

test('counts several signals in quick succession, as from a supervisor, as one request to stop', async () => {
  const program = runProgram([], { ORRERY_DATA: data })
  await program.ready()
  program.child.kill('SIGTERM')
  await expect.poll(() => program.err()).toContain('SIGTERM: stopping')
  program.child.kill('SIGTERM')
  program.child.kill('SIGINT')
  expect(await program.ended).toBe(0)
  expect(processesOf(data)).toEqual([])
})

test('exits with 130 at the second request to stop', async () => {
  const { server, sockets } = await listenInSilence()
  const { port } = server.address() as { port: number }
  const program = runProgram(['--project', PROJECT], { ORRERY_DATA: data })
  const url = await program.ready()
  const headers = { authorization: `Bearer ${program.key()}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ workflow: 'ask-slowly', input: { port } })
  await fetch(`${url}/api/v1/runs`, { method: 'POST', headers, body })
  // A step body that does not end delays the stop by the whole grace period.
  await expect.poll(() => sockets.size, { timeout: 20_000 }).toBe(1)
  program.child.kill('SIGTERM')
  await expect.poll(() => program.err()).toContain('SIGTERM: stopping')
  const askAgain = () => {
    program.child.kill('SIGTERM')
    return program.child.exitCode
  }
  await expect.poll(askAgain, { interval: 100, timeout: 5000 }).not.toBeNull()
  expect(await program.ended).toBe(130)
  for (const socket of sockets) socket.destroy()
  server.close()
})

test('runs and stops in order when its log cannot be written', async () => {
  const full = openSync('/dev/full', 'w')
  const program = runProgram([], { ORRERY_DATA: data, ORRERY_LOG_LEVEL: 'debug' }, { stderr: full })
  closeSync(full)
  await program.ready()
  program.child.kill('SIGHUP')
  expect(await program.ended).toBe(0)
  expect(processesOf(data)).toEqual([])
})

test('stops in order when the parent that attached to it disconnects', async () => {
  const program = runProgram([], { ORRERY_DATA: data }, { ipc: true })
  const messages = on(program.child, 'message')
  program.child.send({ type: 'attach' })
  // The parent gets news before, such as what the start is doing.
  let message: unknown
  for await (const [one] of messages) {
    message = one
    if ((one as { type: string }).type === 'ready') break
  }
  expect(message).toMatchObject({ type: 'ready', url: expect.stringMatching(/^http:/), key: expect.stringMatching(/^orr_/) })
  // Not `ended`: a child emits no 'close' after this process disconnects from it.
  const exited = once(program.child, 'exit')
  program.child.disconnect()
  expect(await exited).toEqual([0, null])
  expect(processesOf(data)).toEqual([])
})

/** Accepts connections and never sends anything. */
async function listenInSilence(): Promise<{ server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => socket.destroy())))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, sockets }
}
