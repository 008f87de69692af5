/** The whole server with a Redis. Each of them is killed while events arrive. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRedis } from '../../../packages/core/src/relay/redis-connection.ts'
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts'
import { type DebianRedis, hasDebianRedis, makeDebianRedis } from '../../../tests/support/debian-redis.ts'
import { killPrograms, type Program, runProgram } from './testing/run-program.fixture.ts'

describe.runIf(hasDebianRedis())('with REDIS_URL', () => {
  let redis: DebianRedis
  let database: TestDatabase
  let data: string
  let key = ''

  beforeAll(async () => {
    redis = await makeDebianRedis()
    await redis.start()
    database = await createTestDatabase()
    data = mkdtempSync(join(tmpdir(), 'orrery-relay-'))
  })
  afterAll(async () => {
    killPrograms()
    await database?.drop()
    await redis?.stop()
    rmSync(data, { recursive: true, force: true })
  })

  async function start(): Promise<{ readonly program: Program; readonly url: string }> {
    const program = runProgram([], { DATABASE_URL: database.url, ORRERY_DATA: data, REDIS_URL: redis.url, ORRERY_REDIS_PREFIX: 'own:' })
    const url = await program.ready()
    key ||= program.key() ?? ''
    return { program, url }
  }

  const ask = async (url: string, path: string, method = 'GET') =>
    (await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } })).json()

  /** Makes `count` events, or fewer if the server is killed before. */
  async function pauseQueues(url: string, count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      const isThere = await ask(url, `/api/v1/queues/q${at}/pause`, 'POST').then(
        () => true,
        () => false,
      )
      if (!isThere) return
    }
  }

  async function streamed(org: string): Promise<string[]> {
    const signal = AbortSignal.timeout(5_000)
    const connection = await openRedis(redis.url, signal)
    const [rows] = await connection.send([['XRANGE', `own:${org}`, '-', '+']], signal)
    connection.close()
    return (rows as [string, string[]][]).map(([id]) => id)
  }

  async function logged(): Promise<string[]> {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const { rows } = await client.query<{ id: string }>(`select tx::text || '-' || e.id::text as id from engine.event e order by tx, e.id`)
    await client.end()
    return rows.map(({ id }) => id)
  }

  async function healthOf(url: string, status: string): Promise<Readonly<Record<string, unknown>>> {
    for (const end = performance.now() + 20_000; ; await pause(50)) {
      const { checks } = (await ask(url, '/health/detailed')) as { checks: { redis: { status: string } } }
      if (checks.redis.status === status || performance.now() > end) return checks.redis
    }
  }

  test('adds every event to the stream once and in order when the server or Redis is killed, and answers requests without Redis', async () => {
    let { program, url } = await start()
    const { id: org } = (await ask(url, '/api/v1/orgs/current')) as { id: string }
    for (let round = 0; round < 2; round++) {
      const working = pauseQueues(url, 1_000)
      const before = await streamed(org)
      for (const end = performance.now() + 20_000; (await streamed(org)).length < before.length + 30 && performance.now() < end; )
        await pause(10)
      program.child.kill('SIGKILL')
      await Promise.all([working, program.ended])
      ;({ program, url } = await start())
    }
    await redis.kill()
    await pauseQueues(url, 20)
    expect(await healthOf(url, 'degraded')).toMatchObject({ reason: expect.stringMatching(/^events wait for Redis: .*ECONNREFUSED/) })
    expect((await fetch(`${url}/health`)).status).toBe(200)
    await redis.start()
    expect(await healthOf(url, 'ok')).toMatchObject({ status: 'ok' })
    await pauseQueues(url, 20)
    const wanted = await logged()
    let found: string[] = []
    for (const end = performance.now() + 20_000; found.length < wanted.length && performance.now() < end; await pause(50))
      found = await streamed(org)
    expect(wanted.length).toBeGreaterThan(60)
    expect(found).toEqual(wanted)
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
  }, 90_000)
})
