/**
 * The event log for callers and for subscribers in several processes, over a core with a worker. A second process is modelled by another
 * `EventHub`; some tests keep a transaction open on a connection of their own.
 */
import { decodeId, type Event, encodeId } from '@orrery/contract'
import { createNotifier } from '@orrery/engine/postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { newId } from '../new-id.ts'
import { EventHub } from './event-hub.ts'
import { createEventLog } from './event-log.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore()
  await t.deploy()
})
afterAll(() => t?.close())

/** Subscribes and returns the first `count` wanted events. Calls `begun` after the subscription has begun. */
async function collect(
  hub: EventHub<Event>,
  after: string | null,
  count: number,
  begun: () => Promise<unknown> = async () => {},
  // Events that an older transaction hid when the hub began are delivered too.
  isWanted: (event: Event) => boolean = () => true,
): Promise<Event[]> {
  const stop = new AbortController()
  const seen: Event[] = []
  const stream = hub.subscribe({ org: t.org, after, signal: stop.signal })
  const first = stream.next()
  await begun()
  for (let next = await first; !next.done; next = await stream.next()) {
    if (isWanted(next.value)) seen.push(next.value)
    if (seen.length === count) stop.abort()
  }
  return seen
}

/** Calls `act` every 50 ms. `end` stops that and waits for the calls in progress. */
function repeat(act: () => Promise<unknown>) {
  const going: Promise<unknown>[] = []
  const timer = setInterval(() => going.push(act()), 50)
  return {
    async end() {
      clearInterval(timer)
      await Promise.all(going)
    },
  }
}

const allEvents = async () => {
  const all: Event[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await t.call('events.list', { limit: 3, ...(cursor === undefined ? {} : { cursor }) })
    all.push(...(page.items as Event[]))
    cursor = page.nextCursor
  }
  return all
}

describe('events.list', () => {
  it('lists events oldest first, page by page, with public ids', async () => {
    const { runId } = await t.call('runs.start', { workflow: 'greeting', input: { name: 'x' } })
    await t.call('runs.result', { runId })
    const events = await eventually(allEvents, (all) => all.some(({ type }) => type === 'run.succeeded'))
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['workflow.deployed', 'run.started', 'run.succeeded']))
    const ofRun = await t.call('events.list', { subject: runId, type: 'run.started' })
    expect(ofRun.items).toMatchObject([{ type: 'run.started', subject: runId, data: { workflow: 'greeting' } }])
    await expect(t.call('events.list', { cursor: '99999999999999999999-1' })).rejects.toMatchObject({ code: 'invalid_input' })
    // A leading 0 does not mean octal. The database would read 010 as 8 and reject 09.
    expect(await t.call('events.list', { cursor: '010-1' })).toEqual(await t.call('events.list', { cursor: '10-1' }))
    expect((await t.call('events.list', { cursor: '09-1' })).items.length).toBeGreaterThan(0)
    await expect(t.call('events.list', { cursor: 'x' })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('lists events newest first', async () => {
    const back: Event[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await t.call('events.list', { limit: 2, newestFirst: true, ...(cursor === undefined ? {} : { cursor }) })
      back.push(...(page.items as Event[]))
      cursor = page.nextCursor
    }
    expect(back.length).toBeGreaterThan(2)
    expect(back.toReversed()).toEqual(await allEvents())
  })
})

describe('the event hub', () => {
  it('attributes an event to a run only if a run acts, not if the id of another actor looks like that of a run', async () => {
    const id = encodeId('run', newId(Date.now()))
    for (const type of ['run', 'system'] as const) {
      const credential = { actor: { type, id, name: 'x' }, org: t.org, permissions: new Set(['events:write'] as const) }
      const caller = { credential, requestId: 'r', traceId: null, idempotencyKey: null, face: 'test' }
      await t.core.kernel.call('events.emit', caller, { topic: `acted.${type}` })
    }
    const rows = await t.query<{ type: string; run_id: string | null }>(
      `select type, run_id from engine.event where type like 'acted.%' order by type`,
    )
    expect(rows).toEqual([
      { type: 'acted.run', run_id: decodeId('run', id) },
      { type: 'acted.system', run_id: null },
    ])
  })

  it('delivers the same events in order to subscribers in two processes, and resumes after any event', async () => {
    const before = (await eventually(allEvents, (all) => all.length > 0)).at(-1)?.id ?? ''
    const other = new EventHub({ source: createEventLog(t.database), notifier: null, pollMs: 50 })
    const pause = async () => {
      for (let i = 0; i < 5; i++) await t.call('queues.pause', { queue: `hub-${i}` })
    }
    const [here, there] = await Promise.all([collect(t.core.events, before, 5, pause), collect(other, before, 5)])
    expect(here.map(({ subject }) => subject)).toEqual(['hub-0', 'hub-1', 'hub-2', 'hub-3', 'hub-4'])
    expect(there).toEqual(here)
    expect(await collect(other, here[1]?.id ?? '', 3)).toEqual(here.slice(2))
    await other.stop()
  })

  it('delivers only new events to a subscriber without a cursor, and ends subscriptions when it stops', async () => {
    const hub = new EventHub({ source: createEventLog(t.database), notifier: null, pollMs: 50 })
    // The first of these events may commit before the subscription has read where to begin.
    const resumes = repeat(() => t.call('queues.resume', { queue: 'from-now' }))
    const seen = await collect(hub, null, 1, undefined, ({ type }) => type === 'queue.resumed')
    await resumes.end()
    expect(seen).toMatchObject([{ type: 'queue.resumed', subject: 'from-now' }])
    const endless = hub.subscribe({ org: t.org, after: null, signal: new AbortController().signal })
    const next = endless.next()
    await hub.stop()
    expect(await next).toMatchObject({ done: true })
  })

  it('does not skip an event of a transaction that began first and committed last', async () => {
    const hub = new EventHub({ source: createEventLog(t.database), notifier: null, pollMs: 20 })
    const slow = new pg.Client({ connectionString: t.url })
    await slow.connect()
    const insert = `insert into engine.event (org_id, at, type, subject, data) values ('${t.org}', now(), 'limit.changed', 'slow', '{}')`
    const work = async () => {
      await slow.query(`begin; ${insert}`)
      await t.call('queues.pause', { queue: 'quick' })
      await slow.query('commit')
    }
    const seen = await collect(hub, await hub.now(t.org), 2, work, ({ subject }) => ['slow', 'quick'].includes(subject))
    expect(seen.map(({ subject }) => subject)).toEqual(['slow', 'quick'])
    await slow.end()
    await hub.stop()
  })

  it('delivers what another process commits after its hint, long before a poll', async () => {
    const listening = createNotifier({ url: t.url, listen: true })
    const hub = new EventHub({ source: createEventLog(t.database), notifier: listening, pollMs: 600_000 })
    // The first of these events may commit before the listening connection is ready.
    const pauses = repeat(() => t.call('queues.pause', { queue: 'hinted' }))
    const seen = await collect(hub, null, 1, undefined, ({ subject }) => subject === 'hinted')
    await pauses.end()
    expect(seen).toMatchObject([{ subject: 'hinted' }])
    await hub.stop()
    await listening.close()
  })

  it('delivers the end of a run after its hint', async () => {
    const hub = new EventHub({ source: createEventLog(t.database), notifier: t.notifier, pollMs: 600_000 })
    const start = () => t.call('runs.start', { workflow: 'greeting', input: { name: 'x' } })
    const seen = await collect(hub, await hub.now(t.org), 2, start, ({ type }) => type.startsWith('run.'))
    expect(seen.map(({ type }) => type)).toEqual(['run.started', 'run.succeeded'])
    await hub.stop()
  })
})
