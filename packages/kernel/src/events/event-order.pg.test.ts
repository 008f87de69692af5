/**
 * Goal: two transactions run at the same time. The one with the higher transaction id writes the events with the lower ids, and they commit in either
 * order. Each kind of reader reads between the two commits and continues from there. It must miss no event, repeat none, and keep the same order.
 */
import type { Event } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually as eventuallyWithin } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import type { Log } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import { createEventConsumer } from './consume-events.ts'
import { EventHub } from './event-hub.ts'
import { createEventLog } from './event-log.ts'
import { createEventTail } from './event-tail.ts'

const silence: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silence }
/** Other tests on the same PostgreSQL may hold long transactions, which hide new events from all readers. */
const eventually = <T>(ask: () => Promise<T>, good: (answer: T) => boolean) => eventuallyWithin(ask, good, 50_000)
/** By transaction, then by id. */
const ORDER = ['before', 'older 1', 'older 2', 'younger 1', 'younger 2']

let t: TestCore
let hub: EventHub<Event>
/** By kind: a reader that began before both transactions, and one that began between their commits. */
let readers: Readonly<Record<string, readonly Reader[]>>
/** Readers that began between the commits, from now on. */
let beginners: readonly Reader[]
const closing: (() => Promise<unknown>)[] = []

interface Reader {
  /** Subjects in the order of arrival. */
  readonly seen: readonly string[]
  /** Resolves when the reader has looked for new events. */
  look(): Promise<void>
}

/** A database for one reader, and a function that waits until the reader has made another query and received its result. */
function watch(database: Database) {
  let asked = 0
  const watched: Database = {
    ...database,
    transaction(org, mode, work) {
      asked += 1
      return database.transaction(org, mode, work)
    },
    ask(statement) {
      asked += 1
      return database.ask(statement)
    },
    readLog(statement) {
      asked += 1
      return database.readLog(statement)
    },
  }
  const look = async () => {
    const before = asked
    // A reader makes one query at a time: when the second begins, the first has returned.
    await eventually(
      async () => asked,
      (count) => count >= before + 2,
    )
  }
  return { database: watched, look }
}

function openList(limit: number): Reader {
  const seen: string[] = []
  let cursor = '0-0'
  const look = async () => {
    for (let isThrough = false; !isThrough; ) {
      const { items } = await t.call('events.list', { type: 'test.event', cursor, limit })
      seen.push(...items.map(({ subject }) => subject))
      cursor = items.at(-1)?.id ?? cursor
      isThrough = items.length === 0
    }
  }
  return { seen, look }
}

function openHub() {
  const { database, look } = watch(t.database)
  const opened = new EventHub({ source: createEventLog(database), notifier: null, pollMs: 5 })
  closing.push(() => opened.stop())
  return { opened, look }
}

function openSubscription(from: EventHub<Event>, look: () => Promise<void>, after: string | null = '0-0'): Reader {
  const seen: string[] = []
  const follow = async () => {
    for await (const { type, subject } of from.subscribe({ org: t.org, after, signal: new AbortController().signal }))
      if (type === 'test.event') seen.push(subject)
  }
  const followed = follow()
  closing.push(() => followed)
  return { seen, look }
}

let consumers = 0
async function openConsumer(batchMax: number, begin: 'oldest' | 'now' = 'oldest'): Promise<Reader> {
  const { database, look } = watch(t.database)
  const tail = createEventTail({ database, notifier: null, log: silence, pollMs: 5 })
  const seen: string[] = []
  const consumer = createEventConsumer(
    { database, tail, log: silence },
    {
      ...{ name: `reader-${++consumers}`, begin, batchMax, pauseMs: 0 },
      handle: async (events) => void seen.push(...events.flatMap(({ event }) => (event.type === 'test.event' ? [event.subject] : []))),
    },
  )
  closing.push(
    () => consumer.stop(),
    () => tail.stop(),
  )
  await consumer.start()
  return {
    seen,
    async look() {
      // A consumer reads after the tail has found something for it.
      await eventually(
        async () => seen,
        (subjects) => begin === 'now' || subjects.includes('before'),
      )
      await look()
    },
  }
}

const insert = (subject: string) =>
  `insert into engine.event (org_id, at, type, subject, data) values ('${t.org}', now(), 'test.event', '${subject}', '{}')`

/** One of each kind. */
async function openReaders({ opened, look }: ReturnType<typeof openHub>): Promise<Record<string, Reader>> {
  return {
    'events.list, event by event': openList(1),
    'events.list, page by page': openList(3),
    'a subscriber': openSubscription(opened, look),
    'a consumer, event by event': await openConsumer(1),
    'a consumer, batch by batch': await openConsumer(500),
  }
}

/** Opens readers before the two transactions, and between their commits. */
async function writeAndRead(first: 'older' | 'younger'): Promise<void> {
  const clients = [new pg.Client({ connectionString: t.url }), new pg.Client({ connectionString: t.url })] as const
  for (const client of clients) await client.connect()
  const [older, younger] = clients
  await t.query(insert('before'))
  const opened = openHub()
  const early = await openReaders(opened)
  for (const client of clients) await client.query('begin; select pg_current_xact_id()')
  for (const n of [1, 2]) {
    await younger.query(insert(`younger ${n}`))
    await older.query(insert(`older ${n}`))
  }
  await (first === 'older' ? older : younger).query('commit')
  const another = openHub()
  const late = await openReaders(another)
  hub = opened.opened
  readers = Object.fromEntries(Object.entries(early).map(([kind, reader]) => [kind, [reader, late[kind] ?? reader]]))
  beginners = [openSubscription(another.opened, another.look, null), await openConsumer(500, 'now')]
  for (const reader of [...Object.values(readers).flat(), ...beginners]) await reader.look()
  await (first === 'older' ? younger : older).query('commit')
  for (const client of clients) await client.end()
}

/** Waits for an event and returns all that the reader has seen. */
async function readTo(last: string, reader: Reader): Promise<readonly string[]> {
  return eventually(
    async () => {
      await reader.look()
      return reader.seen
    },
    (seen) => seen.includes(last),
  )
}

describe.each(['older', 'younger'] as const)('when the %s of two transactions commits first', (first) => {
  beforeAll(async () => {
    t = await startTestCore({ work: false })
    await writeAndRead(first)
  })
  afterAll(async () => {
    for (const close of closing.splice(0)) await close()
    await t?.close()
  })

  it.each([
    'events.list, event by event',
    'events.list, page by page',
    'a subscriber',
    'a consumer, event by event',
    'a consumer, batch by batch',
  ])('%s gets each event once, in the order of the log', async (kind) => {
    for (const reader of readers[kind] ?? []) expect(await readTo('younger 2', reader)).toEqual(ORDER)
    expect(readers[kind]).toHaveLength(2)
  })

  it('a subscriber that resumes behind any event gets the rest, from memory and from the database', async () => {
    const whole = (await t.call('events.list', { type: 'test.event' })).items
    for (const [at, { id }] of whole.slice(0, -1).entries()) {
      const fresh = openHub()
      const rest = [openSubscription(hub, async () => {}, id), openSubscription(fresh.opened, async () => {}, id)]
      for (const reader of rest) expect(await readTo('younger 2', reader), `behind ${whole[at]?.subject}`).toEqual(ORDER.slice(at + 1))
    }
  })

  it('a reader that begins between the commits gets all events that commit later', async () => {
    const still = first === 'older' ? 2 : 4
    for (const reader of beginners) {
      const seen = await readTo('younger 2', reader)
      expect(seen).toEqual(ORDER.slice(-Math.max(still, seen.length)))
    }
  })

  it('events.list returns the same order backwards', async () => {
    const back: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await t.call('events.list', {
        type: 'test.event',
        limit: 1,
        newestFirst: true,
        ...(cursor === undefined ? {} : { cursor }),
      })
      back.push(...page.items.map(({ subject }) => subject))
      cursor = page.nextCursor
    }
    expect(back.toReversed()).toEqual(ORDER)
  })

  it('no reader gets an event twice when another event comes', async () => {
    await t.query(insert('end'))
    for (const reader of Object.values(readers).flat()) expect(await readTo('end', reader)).toEqual([...ORDER, 'end'])
  })
})
