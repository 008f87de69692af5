/**
 * Triggers on events and conditions over events, from a real event log to the finished run. Goal: each event fires a trigger once, also
 * after crashes, and loops of automations end.
 */
import type { AutomationDefinition, Json } from '@orrery/contract'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'
import type { Log } from '../../../../kernel/src/context/kernel.ts'
import { createDatabase } from '../../../../kernel/src/database/database.ts'
import { listViolations } from '../../../../kernel/src/database/list-violations.ts'
import { createEventConsumer } from '../../../../kernel/src/events/consume-events.ts'
import { createEventTail } from '../../../../kernel/src/events/event-tail.ts'
import { prefixesOf } from './listen-to-topics.ts'
import { reactToEvents } from './react-to-events.ts'

let t: TestCore
let count = 0

beforeAll(async () => {
  t = await startTestCore()
  await t.deploy()
  await t.core.start()
})
afterAll(async () => {
  if (t === undefined) return
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

const greet = { workflow: { name: 'greeting', input: { name: '${event.data.who}' } }, overlap: 'allow_all' } as const

/** Creates an automation with a unique name. Returns the name. */
async function automate(triggers: AutomationDefinition['triggers'], more: Partial<AutomationDefinition> = greet, key?: string) {
  const name = `made-${++count}`
  await t.call('automations.create', { name, triggers, ...more }, key === undefined ? {} : { key })
  return name
}

const emit = (topic: string, payload: Json, key?: string) => t.call('events.emit', { topic, payload }, key === undefined ? {} : { key })
const firings = async (automation: string, key?: string) =>
  (await t.call('automations.firings', { automation, limit: 100 }, key === undefined ? {} : { key })).items.toReversed()
const fired = (automation: string, times: number) =>
  eventually(
    () => firings(automation),
    (rows) => rows.length >= times,
  )
const troubleOf = async (automation: string) => (await t.call('automations.get', { automation })).triggers[0]?.trouble

/** Waits until all events emitted before are handled: a trigger that has not fired by then does not fire. */
async function settle() {
  const topic = `settled.t${++count}`
  const marker = await automate([{ type: 'event', topic }])
  await emit(topic, { who: 'marker' })
  await fired(marker, 1)
}

describe('an event trigger', () => {
  it('starts a run for each event whose topic matches, and the run reads the event', async () => {
    const one = await automate([{ type: 'event', topic: 'order.paid' }])
    const all = await automate([{ type: 'event', topic: 'order.>' }])
    const some = await automate([{ type: 'event', topic: 'order.*' }])
    await emit('order.paid', { who: 'Ada' })
    await emit('order.line.added', { who: 'Bob' })
    const [first] = await fired(one, 1)
    expect(first).toMatchObject({ cause: 'event', outcome: 'started', triggerKey: 'event' })
    expect(await t.call('runs.result', { runId: first?.runId ?? '', timeout: '10s' })).toMatchObject({ output: { text: 'Hello Ada' } })
    expect(await fired(all, 2)).toHaveLength(2)
    await settle()
    expect([(await firings(one)).length, (await firings(all)).length, (await firings(some)).length]).toEqual([1, 2, 1])
  })

  it('fires only if its filter is true, and shows an evaluation error until the next success', async () => {
    const name = await automate([{ type: 'event', topic: 'stock.left', filter: 'event.data.left < 10' }])
    await emit('stock.left', { who: 'few', left: 3 })
    await emit('stock.left', { who: 'many', left: 30 })
    await emit('stock.left', { who: 'missing' })
    await emit('stock.left', { who: 'text', left: 'three' })
    await eventually(
      () => troubleOf(name),
      (trouble) => trouble?.includes('compares') === true,
    )
    expect(await firings(name)).toHaveLength(1)
    await emit('stock.left', { who: 'few', left: 4 })
    expect(await fired(name, 2)).toHaveLength(2)
    expect(await troubleOf(name)).toBeNull()
  })

  it('shows a failure of its own until it fires again', async () => {
    const name = await automate([{ type: 'event', topic: 'odd.thing' }])
    const redefine = (definition: string) =>
      t.database.transaction(t.org, 'read write', async ({ client }) => {
        const { rows } = await client.query<{ was: string }>('select definition::text as was from app.automation where name = $1', [name])
        // The product never writes this. It simulates a bug.
        await client.query('update app.automation set definition = $2 where name = $1', [name, definition])
        return rows[0]?.was ?? ''
      })
    const was = await redefine('null')
    await emit('odd.thing', { who: 'Ada' })
    const trouble = async () => {
      const { rows } = await t.database.transaction(t.org, 'read only', ({ client }) =>
        client.query<{ trouble: string | null }>(
          'select trouble from app.trigger where automation_id = (select automation_id from app.automation where name = $1)',
          [name],
        ),
      )
      return rows[0]?.trouble ?? null
    }
    await eventually(trouble, (text) => text?.startsWith('It failed at the event') === true)
    await redefine(was)
    await emit('odd.thing', { who: 'Bob' })
    await fired(name, 1)
    await eventually(trouble, (text) => text === null, 5_000)
  })

  it('fires on events that Orrery itself emits', async () => {
    const name = await automate([{ type: 'event', topic: 'run.*', filter: "event.type == 'run.failed'" }], {
      workflow: { name: 'greeting', input: { name: '${event.subject}' } },
      overlap: 'allow_all',
    })
    const { runId } = await t.call('runs.start', { workflow: 'fragile', input: { good: false } })
    const [row] = await fired(name, 1)
    expect(await t.call('runs.result', { runId: row?.runId ?? '', timeout: '10s' })).toMatchObject({ output: { text: `Hello ${runId}` } })
  })

  it('ignores events while its automation is paused, and applies a changed topic from the next event', async () => {
    const name = await automate([{ type: 'event', topic: 'tide.high' }])
    await t.call('automations.pause', { automation: name })
    await emit('tide.high', { who: 'paused' })
    await settle()
    await t.call('automations.resume', { automation: name })
    await t.call('automations.update', { automation: name, triggers: [{ type: 'event', topic: 'tide.low' }] })
    await emit('tide.high', { who: 'old' })
    await emit('tide.low', { who: 'new' })
    const rows = await fired(name, 1)
    await settle()
    expect(rows).toHaveLength(1)
    expect(await t.call('runs.result', { runId: rows[0]?.runId ?? '', timeout: '10s' })).toMatchObject({ output: { text: 'Hello new' } })
  })

  it('never fires on events of another organization', async () => {
    const key = await t.otherOrg('neighbours')
    await t.deploy(key)
    const theirs = await automate([{ type: 'event', topic: '>' }], greet, key)
    await emit('secret.thing', { who: 'ours' })
    await emit('their.thing', { who: 'theirs' }, key)
    const rows = await eventually(
      () => firings(theirs, key),
      (all) => all.some(({ outcome }) => outcome === 'started'),
    )
    const started = rows.filter(({ outcome }) => outcome === 'started')
    const texts = await Promise.all(started.map(({ runId }) => t.call('runs.result', { runId: runId ?? '', timeout: '10s' }, { key })))
    expect(JSON.stringify(texts)).not.toContain('ours')
  })

  it('stops a loop of automations that start each other through events', async () => {
    const name = await automate([{ type: 'event', topic: 'loop.tick' }], {
      pipeline: [{ id: 'again', uses: 'event.emit', with: { topic: 'loop.tick', source: 'hidden', payload: { who: 'loop' } } }],
      scopes: ['events:emit'],
      overlap: 'allow_all',
    })
    await emit('loop.tick', { who: 'first' })
    const rows = await eventually(
      () => firings(name),
      (all) => all.some(({ outcome }) => outcome === 'skipped'),
      60_000,
    )
    await settle()
    expect(rows.filter(({ outcome }) => outcome === 'started')).toHaveLength(17)
    expect(await firings(name)).toHaveLength(18)
    expect(rows.find(({ outcome }) => outcome === 'skipped')?.reason).toMatch(/^loop/)
  })

  it('fires once for an event that is delivered again', async () => {
    const name = await automate([{ type: 'event', topic: 'again.and' }])
    for (const who of ['a', 'b', 'c']) await emit('again.and', { who })
    const before = await fired(name, 3)
    const client = new pg.Client({ connectionString: t.url })
    await client.connect()
    // The state after a crash between the end of the handler and the update of the consumer's position.
    await client.query(`update app.event_consumer set tx = '0', id = 0 where name = 'automations'`)
    await client.end()
    await settle()
    expect((await firings(name)).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
    const asked = before.map(({ runId }) => t.call('runs.result', { runId: runId ?? '', timeout: '10s' }))
    const texts = (await Promise.all(asked)).map(({ output }) => (output as { text: string }).text)
    expect(texts.sort()).toEqual(['Hello a', 'Hello b', 'Hello c'])
  })
})

it('fires once for each event while consumers start and stop', async () => {
  const name = await automate([{ type: 'event', topic: 'busy.day' }])
  const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => log }
  const announce = () => t.notifier.send({ type: 'events' })
  const database = createDatabase({ url: t.url, poolMax: 3 })
  const host = { ...t.core.kernel, database, log, announce }
  let isOver = false
  const restartConsumers = async () => {
    for (let round = 0; !isOver; round++) {
      const tail = createEventTail({ database, notifier: null, log, pollMs: 10 })
      const consumer = createEventConsumer({ database, tail, log }, reactToEvents(host))
      await consumer.start()
      await emit('busy.day', { who: `round ${round}` })
      await consumer.stop()
      await tail.stop()
    }
    return name
  }
  const restarting = restartConsumers()
  const sent = 60
  for (let n = 0; n < sent; n++) await emit('busy.day', { who: String(n) })
  isOver = true
  await restarting
  await settle()
  const rows = await t.call('automations.firings', { automation: name, limit: 200 })
  const events = await t.call('events.list', { type: 'busy.day', limit: 200 })
  expect(rows.items.length).toBe(events.items.length)
  expect(rows.items.length).toBeGreaterThan(sent)
  await database.close()
})

describe('a condition over events', () => {
  it('fires at the edges that its mode names, but not at the first value', async () => {
    const modes = ['rising', 'falling', 'change'] as const
    const condition = { type: 'condition', topic: 'gauge.read', condition: 'event.data.value > 10' } as const
    const names = await Promise.all(modes.map((mode) => automate([{ ...condition, mode }])))
    for (const value of [20, 5, 7, 30, 40, 2]) await emit('gauge.read', { who: String(value), value })
    await settle()
    const counts = await Promise.all(names.map(async (name) => (await firings(name)).length))
    expect(counts).toEqual([1, 2, 3])
    const [row] = await firings(names[0] ?? '')
    expect(row).toMatchObject({ cause: 'condition' })
    expect(await t.call('runs.result', { runId: row?.runId ?? '', timeout: '10s' })).toMatchObject({ output: { text: 'Hello 30' } })
  })

  it('fires a condition of mode level while it is true, at most once per interval', async () => {
    const level = { type: 'condition', topic: 'level.read', condition: 'event.data.on', mode: 'level' } as const
    const each = await automate([level])
    const hourly = await automate([{ ...level, every: '1h' }])
    for (const on of [true, true, false, true]) await emit('level.read', { who: 'x', on })
    await settle()
    expect([(await firings(each)).length, (await firings(hourly)).length]).toEqual([3, 1])
  })
})

it('computes the same topic prefixes in the database as in the server', async () => {
  const topics = ['a', 'a.b', 'order.line.added', 'x-1.y_2.z.w']
  await t.database.transaction(t.org, 'read only', async ({ client }) => {
    for (const topic of topics) {
      const { rows } = await client.query<{ prefixes: string[] }>('select app.topic_prefixes($1) as prefixes', [topic])
      expect(rows[0]?.prefixes.toSorted()).toEqual(prefixesOf(topic).toSorted())
    }
  })
})
