/** A rolling restart of two servers behind a load balancer, under 50 requests a second. Goal: not one request fails. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Balancer, openBalancer } from '../../../tests/support/balancer.ts'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { until } from '../../../tests/support/until.ts'
import { killPrograms, type Program, runProgram } from './testing/run-program.fixture.ts'
import { PROJECT } from './testing/start-test-server.fixture.ts'

const REQUESTS_PER_SECOND = 50

let database: TestDatabase
let balancer: Balancer
let data: string
beforeAll(async () => {
  database = await createTestDatabase()
  data = mkdtempSync(join(tmpdir(), 'orrery-rolling-'))
  balancer = await openBalancer(100)
})
afterAll(async () => {
  killPrograms()
  await balancer?.close()
  await database?.drop()
  rmSync(data, { recursive: true, force: true, maxRetries: 3 })
})

async function startServer(): Promise<{ readonly program: Program; readonly url: string }> {
  const env = { DATABASE_URL: database.url, ORRERY_DRAIN: '1s' }
  const program = runProgram(['--data', data, '--project', PROJECT, '--port', '0'], env)
  const url = await program.ready()
  balancer.add(url)
  await until('the balancer uses the server', () => balancer.ready().includes(url))
  return { program, url }
}

test('fails no request', async () => {
  const first = await startServer()
  const key = first.program.key() ?? ''
  let servers = [first, await startServer()]
  const load = startLoad(key)
  for (let round = 0; round < 2; round++) {
    // Add one, then take one away: each server is replaced once.
    const fresh = await startServer()
    const [old, ...kept] = servers
    servers = [...kept, fresh]
    old?.program.child.kill('SIGTERM')
    expect(await old?.program.ended).toBe(0)
    balancer.remove(old?.url ?? '')
  }
  const { sent, failed } = await load.stop()
  expect(failed).toEqual([])
  expect(sent).toBeGreaterThan(100)
  for (const { program } of servers) program.child.kill('SIGTERM')
  expect(await Promise.all(servers.map(({ program }) => program.ended))).toEqual([0, 0])
}, 180_000)

function startLoad(key: string) {
  const failed: string[] = []
  const inProgress = new Set<Promise<void>>()
  let sent = 0
  let isOver = false
  const ask = async (path: string, body?: object): Promise<void> => {
    const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    try {
      const answer = await fetch(`${balancer.url}${path}`, init)
      const text = await answer.text()
      if (!answer.ok) failed.push(`${path}: ${answer.status} ${text.slice(0, 200)}`)
    } catch (error) {
      failed.push(`${path}: ${String(error)}`)
    }
  }
  const requests = [
    () => ask('/api/v1/runs', { workflow: 'greet', input: { name: 'Ada' } }),
    () => ask('/api/v1/runs?limit=5'),
    () => ask('/api/v1/queues/rolling/pause', {}),
    () => ask('/trpc/workflows.list?input=%7B%7D'),
  ]
  const working = (async () => {
    for (; !isOver; sent++) {
      const request = requests[sent % requests.length]?.() ?? Promise.resolve()
      inProgress.add(request)
      void request.finally(() => inProgress.delete(request))
      await pause(1000 / REQUESTS_PER_SECOND)
    }
  })()
  return {
    async stop() {
      isOver = true
      await working
      await Promise.all(inProgress)
      return { sent, failed }
    },
  }
}
