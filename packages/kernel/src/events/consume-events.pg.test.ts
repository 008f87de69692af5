/**
 * Consumers of the event log on a real database. Two processes are modelled by two sets of connections in this process, and a third one,
 * which is killed, is a real process. Events are inserted directly, so that the tests control when their transactions begin and commit.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { eventually } from '../../../../tests/support/eventually.ts'
import type { Log } from '../context/kernel.ts'
import { createDatabase, type Database } from '../database/database.ts'
import { sql } from '../database/sql.ts'
import { type ConsumerSpec, createEventConsumer, type EventConsumer } from './consume-events.ts'
import { comparePositions, parsePosition } from './event-position.ts'
import type { ConsumedEvent } from './event-row.ts'
import { createEventTail, type EventTail } from './event-tail.ts'

const ORGS = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002'] as const
const silence: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silence }

/** Short, so that another process takes over soon. */
const LEASE_MS = 400

let testDatabase: TestDatabase
let admin: pg.Client
/** Each models a process: it has its own connections and its own tail. */
let processes: { readonly database: Database; readonly tail: EventTail }[]
let consumers: EventConsumer[] = []
let count = 0
/** The consumer's name; each test has a new one. */
let name = ''

const openProcess = () => {
  const database = createDatabase({ url: testDatabase.url })
  return { database, tail: createEventTail({ database, notifier: null, log: silence, pollMs: 30 }) }
}

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  admin = new pg.Client({ connectionString: testDatabase.url })
  await admin.connect()
  processes = [openProcess(), openProcess()]
})
afterAll(async () => {
  for (const { tail, database } of processes ?? []) {
    await tail.stop()
    await database.close()
  }
  await admin?.end()
  await testDatabase?.drop()
})
/** Transactions in other databases hide new events too. A consumer that begins now would still get the hidden ones. */
async function untilReadable(): Promise<void> {
  const hidden = () => admin.query('select from engine.event where tx >= pg_snapshot_xmin(pg_current_snapshot()) limit 1')
  await eventually(hidden, ({ rowCount }) => rowCount === 0)
}

beforeEach(async () => {
  name = `test-${++count}`
  await untilReadable()
})
afterEach(async () => {
  await Promise.all(consumers.map((consumer) => consumer.stop()))
  consumers = []
})

type Given = Pick<ConsumerSpec, 'handle'> & Partial<ConsumerSpec>

async function consume(given: Given, from: 0 | 1 = 0): Promise<EventConsumer> {
  const process = processes[from] as (typeof processes)[number]
  const host = { ...process, log: silence, leaseMs: LEASE_MS }
  const consumer = createEventConsumer(host, { name, begin: 'now', retry: { firstMs: 5, maxMs: 20 }, ...given })
  consumers.push(consumer)
  await consumer.start()
  return consumer
}

const insert = (subject: string, type = 'test.event', org: string = ORGS[0]) =>
  `insert into engine.event (org_id, at, type, subject, data) values ('${org}', now(), '${type}', '${subject}', '{"n":1}')`
const emit = (subject: string, type?: string, org?: string) => admin.query(insert(subject, type, org))
const subjects = (events: readonly ConsumedEvent[]) => events.map(({ event }) => event.subject)

describe('a consumer', () => {
  it('gets events of all organizations in the order of the log, with their public form', async () => {
    const seen: ConsumedEvent[] = []
    await consume({ handle: async (events) => void seen.push(...events) })
    for (const n of [1, 2, 3, 4]) await emit(`s${n}`, 'test.event', ORGS[n % 2])
    await eventually(
      async () => seen.length,
      (length) => length === 4,
    )
    expect(subjects(seen)).toEqual(['s1', 's2', 's3', 's4'])
    expect(seen.map(({ org }) => org)).toEqual([ORGS[1], ORGS[0], ORGS[1], ORGS[0]])
    expect(seen[0]).toMatchObject({ subject: 's1', event: { type: 'test.event', data: { n: 1 } } })
  })

  it('begins with new events or with the oldest, as configured, and continues at its position after a restart', async () => {
    await emit(`before-${name}`)
    await untilReadable()
    const late: string[] = []
    const all: string[] = []
    const first = await consume({ handle: async (events) => void late.push(...subjects(events)) })
    await consume({ name: `${name}-all`, begin: 'oldest', handle: async (events) => void all.push(...subjects(events)) })
    await emit('after')
    const heard = async () => late.includes('after') && all.includes('after')
    await eventually(heard, Boolean)
    expect(late).toEqual(['after'])
    expect(all.slice(-2)).toEqual([`before-${name}`, 'after'])
    await first.stop()
    await emit('away')
    await consume({ begin: 'oldest', handle: async (events) => void late.push(...subjects(events)) })
    await eventually(
      async () => late.length,
      (length) => length === 2,
    )
    expect(late).toEqual(['after', 'away'])
  })

  it('skips events that do not meet its condition, and moves its position past them', async () => {
    const seen: string[] = []
    const batchMax = 3
    await consume({ only: sql`e.type like 'want.%'`, batchMax, handle: async (events) => void seen.push(...subjects(events)) })
    for (let n = 0; n < 20; n++) await emit(`s${n}`, n % 5 === 0 ? 'want.it' : 'other.it')
    const last = await admin.query<{ id: string }>('select max(id)::text as id from engine.event')
    const readTo = async () =>
      (await admin.query<{ id: string }>('select id::text from app.event_consumer where name = $1', [name])).rows[0]
    await eventually(readTo, (row) => row?.id === last.rows[0]?.id)
    expect(seen).toEqual(['s0', 's5', 's10', 's15'])
  })

  it('keeps its position when the handler throws: earlier events are handled, and later events wait', async () => {
    const seen: string[] = []
    let isBroken = true
    let attempts = 0
    await consume({
      async handle(events) {
        if (isBroken && subjects(events).includes('bad')) {
          attempts += 1
          throw new Error('not this one')
        }
        seen.push(...subjects(events))
      },
    })
    await admin.query(['begin', ...['a', 'b', 'c', 'bad', 'd', 'e'].map((subject) => insert(subject)), 'commit'].join(';'))
    await eventually(
      async () => attempts,
      (times) => times > 4,
    )
    expect(seen).toEqual(['a', 'b', 'c'])
    isBroken = false
    await eventually(
      async () => seen.length,
      (length) => length === 6,
    )
    expect(seen).toEqual(['a', 'b', 'c', 'bad', 'd', 'e'])
  })

  it('holds no connection and no transaction while its handler works: eight waiting handlers do not delay another consumer', async () => {
    const begun = new Set<number>()
    const hang = (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    for (let n = 0; n < 8; n++) {
      await consume({
        name: `${name}-slow-${n}`,
        handle: async (_, { signal }) => {
          begun.add(n)
          await hang(signal)
        },
      })
    }
    const seen: string[] = []
    await consume({ handle: async (events) => void seen.push(...subjects(events)) })
    await emit('a')
    await eventually(
      async () => begun.size,
      (size) => size === 8,
    )
    await emit('b')
    await eventually(
      async () => seen.length,
      (length) => length === 2,
    )
    const open = `select from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`
    expect((await admin.query(open)).rowCount).toBe(0)
    expect(begun.size).toBe(8)
  })
})

describe('two processes with the same consumer', () => {
  it('delivers each event once and in order, under concurrent writers with long transactions', async () => {
    const seen: ConsumedEvent[] = []
    let working = 0
    const handle = async (events: readonly ConsumedEvent[]) => {
      working += 1
      expect(working).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      seen.push(...events)
      working -= 1
    }
    await Promise.all([consume({ handle, batchMax: 7 }, 0), consume({ handle, batchMax: 7 }, 1)])
    const writers = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const client = new pg.Client({ connectionString: testDatabase.url })
        await client.connect()
        return client
      }),
    )
    // Each transaction stays open while others commit, and they do not end in the order in which they began.
    await Promise.all(
      writers.map(async (client, writer) => {
        for (let round = 0; round < 25; round++) {
          await client.query('begin')
          await client.query(insert(`w${writer}-${round}-0`, 'test.event', ORGS[writer % 2]))
          for (let other = 0; other < (writer * 7 + round) % 5; other++) await client.query('select pg_sleep(0.002)')
          await client.query(insert(`w${writer}-${round}-1`, 'test.event', ORGS[writer % 2]))
          await client.query(round % 10 === 9 ? 'rollback' : 'commit')
        }
        await client.end()
      }),
    )
    const committed = 6 * 23 * 2
    await eventually(
      async () => seen.length,
      (length) => length >= committed,
    )
    expect(new Set(subjects(seen)).size).toBe(committed)
    expect(seen.length).toBe(committed)
    for (const org of ORGS) {
      const positions = seen.filter((event) => event.org === org).map(({ event }) => parsePosition(event.id))
      expect(positions).toEqual(positions.toSorted(comparePositions))
    }
  })

  it('delivers hidden events soon after the transaction that hid them has ended, without a hint and long before a poll', async () => {
    const process = { database: (processes[0] as (typeof processes)[number]).database, log: silence }
    let hint: () => void = () => {}
    const notifier = {
      listen(handler: (hint: { readonly type: 'events' }) => void) {
        hint = () => handler({ type: 'events' })
        return () => {}
      },
    }
    const tail = createEventTail({ ...process, notifier, pollMs: 600_000 })
    const seen: string[] = []
    const handle = async (events: readonly ConsumedEvent[]) => void seen.push(...subjects(events))
    const consumer = createEventConsumer({ ...process, tail }, { name, begin: 'now', handle })
    await consumer.start()
    const old = new pg.Client({ connectionString: testDatabase.url })
    await old.connect()
    await old.query('begin; select pg_current_xact_id()')
    await emit('hidden')
    hint()
    await old.query('select pg_sleep(1)')
    expect(seen).toEqual([])
    await old.query('commit')
    await eventually(
      async () => seen,
      (all) => all.length === 1,
    )
    await old.end()
    await consumer.stop()
    await tail.stop()
  })

  it('delivers unfinished events to the other process when one is killed in the middle of a batch', async () => {
    const probe = fileURLToPath(new URL('./consume-probe.fixture.ts', import.meta.url))
    const child = spawn(process.execPath, ['--conditions=orrery-source', probe, testDatabase.url, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    const known = () => admin.query('select from app.event_consumer where name = $1', [name])
    await eventually(known, ({ rowCount }) => rowCount === 1)
    await admin.query(['begin', insert('one'), insert('hang', 'test.hang'), insert('two'), 'commit'].join(';'))
    await eventually(
      async () => said,
      (text) => text.endsWith('one\nhang\n'),
    )
    const seen: string[] = []
    await consume({ handle: async (events) => void seen.push(...subjects(events)) })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await eventually(
      async () => seen.length,
      (length) => length >= 3,
    )
    expect(seen).toEqual(['one', 'hang', 'two'])
  })

  it('aborts the signal of a process that has lost its lease, and does not let it move the position', async () => {
    const seen: string[] = []
    const released = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<AbortSignal>()
    const first = await consume({
      async handle(_, { signal }) {
        begun.resolve(signal)
        await released.promise
      },
    })
    await emit('held')
    const signal = await begun.promise
    // As if the first process had been stopped for longer than its lease, and another one had taken over.
    await admin.query(`update app.event_consumer set holder = gen_random_uuid() where name = $1`, [name])
    await consume({ handle: async (events) => void seen.push(...subjects(events)) }, 1)
    await eventually(
      async () => seen.length,
      (length) => length === 1,
    )
    await eventually(async () => signal.aborted, Boolean)
    released.resolve()
    await first.stop()
    await emit('later')
    await eventually(
      async () => seen.length,
      (length) => length > 1,
    )
    expect(seen).toEqual(['held', 'later'])
  })

  it('keeps the lease with a process that is alive, although its handler takes longer than the lease', async () => {
    const seen: string[] = []
    const released = Promise.withResolvers<void>()
    await consume({
      async handle(events) {
        await released.promise
        seen.push(...subjects(events).map((subject) => `first ${subject}`))
      },
    })
    await emit('long')
    const leases = async () =>
      (await admin.query<{ at: Date | null }>('select leased_until as at from app.event_consumer where name = $1', [name])).rows[0]?.at
    const taken = await eventually(leases, (at) => at instanceof Date)
    await consume({ handle: async (events) => void seen.push(...subjects(events)) }, 1)
    // The first lease has expired, and the process has renewed it.
    await eventually(leases, (at) => at instanceof Date && at.getTime() > (taken?.getTime() ?? 0) + LEASE_MS)
    released.resolve()
    await eventually(
      async () => seen.length,
      (length) => length > 0,
    )
    expect(seen).toEqual(['first long'])
  })
})
