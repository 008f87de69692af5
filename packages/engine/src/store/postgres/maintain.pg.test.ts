import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uuid7 } from '../../uuid.ts'
import { firstEvent } from './read-events.ts'
import { openWorld, type PostgresWorld } from './test-database.ts'

let pw: PostgresWorld
beforeAll(async () => {
  pw = await openWorld()
})
afterAll(() => pw.close())

const week = 7 * 86_400_000
const runAt = (at: number) => uuid7(at, randomBytes(10))

describe('partitions', () => {
  it('creates the partitions of the coming weeks and moves early rows from the default partition into them', async () => {
    const { store, world } = pw
    const admin = await pw.connect('postgres')
    const later = Date.now() + 8 * week
    const early = world.start({ run: runAt(later) })
    await world.flush(null, { starts: [early], events: [{ org: world.org, type: 't', subject: 's', data: '{}', at: later }] })
    expect((await admin.query('select from engine.run_default')).rowCount).toBe(1)
    const { created, dropped } = await store.maintain({ retentionDays: null, now: new Date(later) })
    expect(created.filter((name) => name.startsWith('run_')).length).toBeGreaterThan(4)
    expect(dropped).toEqual([])
    expect((await admin.query('select from engine.run_default')).rowCount).toBe(0)
    expect(await store.run(world.org, early.run)).toMatchObject({ run: early.run })
    expect((await store.maintain({ retentionDays: null, now: new Date(later) })).created).toEqual([])
    expect(await store.violations()).toEqual([])
  })

  it('drops partitions past retention unless an unfinished run needs them', async () => {
    const { store, world } = pw
    const me = await world.worker()
    const [ended, live] = [world.start({ state: 'running' }), world.start({ run: runAt(Date.now() + week), state: 'running' })]
    await world.flush(me, { starts: [ended, live] })
    await world.flush(me, { journal: [world.journal(ended.run, 1), world.journal(live.run, 1)], finishes: [world.finish(ended.run)] })
    const { dropped, swept } = await store.maintain({ retentionDays: 30, now: new Date(Date.now() + 12 * week) })
    expect(dropped.filter((name) => name.startsWith('run_')).length).toBeGreaterThan(2)
    expect(dropped.filter((name) => name.startsWith('event_')).length).toBeGreaterThan(2)
    expect(Object.keys(swept)).toEqual(['key', 'worker', 'flow_limit', 'blob'])
    expect([await store.run(world.org, ended.run), await store.result(world.org, ended.run)]).toEqual([null, null])
    expect(await store.history(world.org, live.run, 1)).toHaveLength(1)
    expect(await store.violations()).toEqual([])
  })
})

describe('the outbox', () => {
  it('events are read in the order of transactions, and never past an open one', async () => {
    const { store, world } = pw
    const event = (subject: string) => ({ org: world.org, type: 'test.order', subject, data: '{}', at: world.now })
    const subjects = async (after = firstEvent) =>
      (await store.readEvents(after, 100)).filter((row) => row.type === 'test.order').map((row) => row.subject)
    const slow = await pw.connect('orrery_engine')
    await store.emit([event('1'), event('2')])
    await slow.query('begin')
    await store.emit([event('3')], slow)
    await store.emit([event('4')])
    // Transaction ids are shared by all databases of a server, so an open transaction of another test delays these too.
    await expect.poll(() => subjects()).toEqual(['1', '2'])
    const last = (await store.readEvents(firstEvent, 100)).at(-1) ?? firstEvent
    await slow.query('commit')
    await expect.poll(() => subjects(last)).toEqual(['3', '4'])
    expect(await store.readEvents(last, 1)).toHaveLength(1)
  })
})
