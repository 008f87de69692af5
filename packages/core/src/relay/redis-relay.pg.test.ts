/**
 * The relay against a real Redis and a real event log. Goal: the stream has every event once and in order, although Redis, the relay or its
 * process is killed or stopped.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { encodeId } from '@orrery/contract'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { type DebianRedis, hasDebianRedis, makeDebianRedis } from '../../../../tests/support/debian-redis.ts'
import { eventually } from '../../../../tests/support/eventually.ts'
import type { Log } from '../../../kernel/src/context/kernel.ts'
import { createDatabase, type Database } from '../../../kernel/src/database/database.ts'
import { createEventConsumer } from '../../../kernel/src/events/consume-events.ts'
import { createEventTail, type EventTail } from '../../../kernel/src/events/event-tail.ts'
import { openRedis } from './redis-connection.ts'
import { createRedisRelay, type RedisRelay, type RedisRelayOptions } from './redis-relay.ts'

const ORGS = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002'] as const
const prefix = 'test:'
const streamOf = (org: string) => `${prefix}${encodeId('org', org)}`
const silence: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silence }

interface Entry {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

const LEASE_MS = 500

describe.runIf(hasDebianRedis())('the relay to Redis', () => {
  let redis: DebianRedis
  let place: TestDatabase
  let admin: pg.Client
  let database: Database
  let tail: EventTail
  let running: RedisRelay[] = []

  beforeAll(async () => {
    redis = await makeDebianRedis()
    await redis.start()
  })
  afterAll(() => redis?.stop())
  beforeEach(async () => {
    place = await createTestDatabase()
    admin = new pg.Client({ connectionString: place.url })
    await admin.connect()
    database = createDatabase({ url: place.url })
    tail = createEventTail({ database, notifier: null, log: silence, pollMs: 20 })
    await ask('FLUSHALL')
  })
  afterEach(async () => {
    for (const relay of running) await relay.stop()
    running = []
    await tail.stop()
    await database.close()
    await admin.end()
    await place.drop()
  })

  async function relay(options: Partial<RedisRelayOptions> = {}): Promise<RedisRelay> {
    const made = createRedisRelay({ database, log: silence }, { url: redis.url, prefix, lengthMax: 1_000_000, ...options })
    const consumer = createEventConsumer({ database, tail, log: silence, leaseMs: LEASE_MS }, made.consumer)
    const stop = () => consumer.stop().then(() => made.stop())
    running.push({ ...made, stop })
    await consumer.start()
    return { ...made, stop }
  }

  async function ask(...command: string[]): Promise<unknown> {
    const signal = AbortSignal.timeout(5_000)
    const connection = await openRedis(redis.url, signal)
    try {
      return (await connection.send([command], signal))[0]
    } finally {
      connection.close()
    }
  }

  async function entries(org: string): Promise<Entry[]> {
    const rows = (await ask('XRANGE', streamOf(org), '-', '+')) as [string, string[]][]
    const pairs = (words: string[]) => words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? '']] : []))
    return rows.map(([id, words]) => ({ id, fields: Object.fromEntries(pairs(words)) }))
  }

  async function emit(count: number, org: string = ORGS[0]): Promise<void> {
    await admin.query(
      `insert into engine.event (org_id, at, type, subject, data)
       select $1, '2026-06-01T09:00:00Z', 'test.event', 's' || n, json_build_object('n', n, 'text', E'\\u00e9\\n"') from generate_series(1, $2::int) n`,
      [org, count],
    )
  }

  /** The ids of an organization's events, in the order of the log. */
  async function logged(org: string): Promise<string[]> {
    const { rows } = await admin.query<{ id: string }>(
      `select tx::text || '-' || e.id::text as id from engine.event e where org_id = $1 order by tx, e.id`,
      [org],
    )
    return rows.map(({ id }) => id)
  }

  async function expectAll(): Promise<void> {
    for (const org of ORGS) {
      const wanted = await logged(org)
      await eventually(
        async () => Number(await ask('XLEN', streamOf(org))),
        (length) => length >= wanted.length,
        30_000,
      )
      // Redis accepts no id twice or out of order, so equal ids mean that each entry is there once.
      expect((await entries(org)).map(({ id }) => id)).toEqual(wanted)
    }
  }

  it('adds every event to the stream of its organization in order, including events from before it started', async () => {
    await emit(3)
    await relay()
    for (let at = 0; at < 5; at++) await emit(2, ORGS[at % 2])
    await expectAll()
    const [first] = await entries(ORGS[0])
    expect(first?.fields).toEqual({
      id: first?.id,
      type: 'test.event',
      subject: 's1',
      at: '2026-06-01T09:00:00.000Z',
      data: JSON.stringify({ n: 1, text: 'é\n"' }),
    })
  })

  it('adds no event twice after its position was lost before the commit', async () => {
    const first = await relay()
    await emit(700)
    await emit(50, ORGS[1])
    await expectAll()
    await first.stop()
    await admin.query(`update app.event_consumer set tx = '0', id = 0`)
    await emit(5)
    await relay()
    await expectAll()
  })

  it('reports that Redis is unavailable, and loses no event when Redis is killed repeatedly', async () => {
    await redis.kill()
    const made = await relay()
    await emit(10)
    await eventually(
      async () => made.status(),
      ({ kind }) => kind === 'failing',
    )
    expect(made.status()).toMatchObject({ kind: 'failing', reason: expect.stringMatching(/ECONNREFUSED/) })
    for (let round = 0; round < 4; round++) {
      await redis.start()
      for (let at = 0; at < 10; at++) await emit(60, ORGS[at % 2])
      await eventually(
        async () => Number(await ask('XLEN', streamOf(ORGS[0]))),
        (length) => length > 0,
      )
      await emit(500)
      await redis.kill()
      await emit(20)
    }
    await redis.start()
    await expectAll()
    expect(made.status()).toMatchObject({ kind: 'sending' })
  })

  it('stops in time while Redis does not answer', async () => {
    const made = await relay()
    await emit(5)
    await expectAll()
    redis.halt()
    await emit(5)
    const emitted = await admin.query<{ now: Date }>('select clock_timestamp() as now')
    // Only a handler in progress renews its lease, so by now the commands are sent and have no answer.
    const renewed = `select from app.event_consumer where leased_until > $1::timestamptz + $2 * interval '1 ms'`
    await eventually(
      async () => (await admin.query(renewed, [emitted.rows[0]?.now, LEASE_MS])).rowCount,
      (count) => count === 1,
    )
    await made.stop()
    redis.resume()
    await relay()
    await expectAll()
  })

  it('continues in another process when its process is killed, and loses no event', async () => {
    const program = fileURLToPath(new URL('./relay-probe.fixture.ts', import.meta.url))
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ['--conditions=orrery-source', program, place.url, redis.url, prefix], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      for (let at = 0; at < 20; at++) await emit(100, ORGS[at % 2])
      const before = Number(await ask('XLEN', streamOf(ORGS[0])))
      await emit(2000)
      await eventually(
        async () => Number(await ask('XLEN', streamOf(ORGS[0]))),
        (length) => length > before,
      )
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await relay()
    await expectAll()
  })

  it('fails on a stream with entries of another program, or a key of another type, and continues once they are deleted', async () => {
    await ask('XADD', streamOf(ORGS[0]), '*', 'from', 'another program')
    await ask('SET', streamOf(ORGS[1]), 'a text')
    const made = await relay()
    await emit(3)
    await emit(3, ORGS[1])
    const stuck = await eventually(
      async () => made.status(),
      ({ kind }) => kind === 'failing',
    )
    expect(stuck).toMatchObject({ reason: expect.stringMatching(/not the id of an event in this database|WRONGTYPE/) })
    await ask('DEL', streamOf(ORGS[0]))
    await eventually(
      async () => made.status(),
      (status) => status.kind === 'failing' && status.reason.includes('WRONGTYPE'),
    )
    await ask('DEL', streamOf(ORGS[1]))
    await expectAll()
  })

  it('fails on the stream of a newer copy of the database, even after its own transaction ids have caught up', async () => {
    const { rows } = await admin.query<{ next: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as next')
    await ask('XADD', streamOf(ORGS[0]), `${Number(rows[0]?.next) + 20}-1`, 'from', 'a newer copy')
    const made = await relay()
    const failing = () =>
      eventually(
        async () => made.status(),
        ({ kind }) => kind !== 'idle',
      )
    await emit(3)
    expect(await failing()).toMatchObject({ kind: 'failing' })
    for (let at = 0; at < 40; at++) await emit(1)
    // The relay has seen these events only after its next attempt.
    const { events } = await nextAttempt()
    expect(await failing()).toMatchObject({ kind: 'failing', reason: expect.stringContaining('not the id of an event in this database') })
    expect(events).toBe(1)
    await ask('DEL', streamOf(ORGS[0]))
    await expectAll()

    /** Waits for one more attempt of the relay. Returns the length of the stream. */
    async function nextAttempt() {
      const attempts = async () => Number(/cmdstat_eval:calls=(\d+)/.exec(String(await ask('INFO', 'commandstats')))?.[1] ?? 0)
      const before = await attempts()
      await eventually(attempts, (count) => count > before, 20_000)
      return { events: Number(await ask('XLEN', streamOf(ORGS[0]))) }
    }
  })

  it('keeps about as many entries as configured', async () => {
    await relay({ lengthMax: 1_000 })
    for (let at = 0; at < 6; at++) await emit(1_000)
    const last = (await logged(ORGS[0])).at(-1)
    const kept = await eventually(
      () => entries(ORGS[0]),
      (all) => all.at(-1)?.id === last,
    )
    expect(kept.length).toBeGreaterThanOrEqual(1_000)
    expect(kept.length).toBeLessThan(1_300)
  })
})
