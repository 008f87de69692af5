/**
 * Goal: a flush on PostgreSQL is atomic, fenced and free of lost updates. Other connections take locks or break connections at chosen
 * moments.
 */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyBatch } from '../empty-batch.ts'
import { Ambiguous, Fenced, Refused } from '../store-errors.ts'
import { isLockAwaited, openWorld, type PostgresWorld } from './test-database.ts'

const companions = {
  note: { text: 'insert into public.note (org_id, n) select * from unnest($1::uuid[], $2::int[])' },
  closed: { text: 'insert into public.closed (n) select * from unnest($1::int[])' },
}

let pw: PostgresWorld
let admin: pg.Client
beforeAll(async () => {
  pw = await openWorld({ companions })
  admin = await pw.connect('postgres')
  await admin.query(`create table public.note (org_id uuid, n int check (n < 100)); grant select, insert on public.note to orrery_engine;
                     create table public.closed (n int)`)
})
afterAll(async () => {
  expect(await pw.store.violations()).toEqual([])
  await pw.close()
})

describe('races', () => {
  it('a message that arrives while its run ends leaves no inbox row', async () => {
    const { store, world } = pw
    const me = await world.worker()
    const run = await world.running(me)
    const sender = await pw.connect('orrery_engine')
    await sender.query('begin')
    await store.deliver(world.message(run), sender)
    // The flush already has its snapshot when it waits for the sender's lock, so it cannot see the message.
    const flushed = world.flush(me, { finishes: [world.finish(run)] })
    await pw.until(() => isLockAwaited(admin))
    await sender.query('commit')
    await flushed
    expect(await store.result(world.org, run)).toMatchObject({ status: 'succeeded' })
    expect((await sender.query('select from engine.inbox where run_id = $1', [run])).rowCount).toBe(0)
  })

  it('a child whose start commits while its parent ends is stopped', async () => {
    const { store, world } = pw
    const me = await world.worker()
    const run = await world.running(me)
    const concurrency = [{ limit: `lane-${run}`, max: 1, onFull: 'queue' as const }]
    const child = world.admitted({ worker: me, parent: { run, cmd: 1, close: 'cancel' }, concurrency })
    const starter = await pw.connect('orrery_engine')
    await starter.query('begin')
    await store.startAdmitted(child, starter)
    const flushed = world.flush(me, { finishes: [world.finish(run, { children: [child.run] })] })
    await pw.until(() => isLockAwaited(admin))
    await starter.query('commit')
    await flushed
    expect(await world.state(child.run)).toBe('cancelled')
  })

  it('a run poked while it parks stays with its worker', async () => {
    const { store, world } = pw
    const me = await world.worker()
    const run = await world.running(me)
    const sender = await pw.connect('orrery_engine')
    await sender.query('begin')
    await store.deliver(world.message(run), sender)
    const flushed = world.flush(me, { parks: [world.park(run)] })
    await pw.until(() => isLockAwaited(admin))
    await sender.query('commit')
    expect((await flushed).kept).toEqual([run])
    expect(await world.state(run)).toBe('running')
  })

  it('retire waits for a flush in progress and fences every later one', async () => {
    const { store, world } = pw
    const me = await world.worker()
    const run = await world.running(me)
    const blocker = await pw.connect('orrery_engine')
    await blocker.query('begin')
    await blocker.query('select from engine.live where run_id = $1 for update', [run])
    const flushed = world.flush(me, { journal: [world.journal(run, 1)], parks: [world.park(run, { nextSeq: 2 })] })
    await pw.until(() => isLockAwaited(admin))
    const retired = store.retire(me)
    await blocker.query('commit')
    await flushed
    expect(await retired).toBe(0)
    expect(await world.state(run)).toBe('waiting')
    await expect(world.flush(me, { journal: [world.journal(run, 2)] })).rejects.toThrow(Fenced)
    expect(await store.history(world.org, run, 1)).toHaveLength(1)
  })

  it('two batches that send to the same runs in opposite order both succeed', async () => {
    const { store, other, world } = pw
    const runs = [await world.ready(), await world.ready(), await world.ready()]
    const send = (by: typeof store, order: string[]) => by.flush({ ...emptyBatch, messages: order.map((run) => world.message(run)) })
    for (let round = 0; round < 10; round++) await Promise.all([send(store, runs), send(other, [...runs].reverse())])
    for (const run of runs) expect((await store.inbox(world.org, run))?.messages).toHaveLength(20)
  })

  it('concurrent finishes in two processes hand over each limit exactly once', async () => {
    const { store, other, world } = pw
    const me = await world.worker()
    const names = ['a', 'b', 'c'].map((name) => `${name}-${world.id()}`)
    const concurrency = names.map((limit) => ({ limit, max: 2, onFull: 'queue' as const }))
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => (n % 2 ? store : other).startAdmitted(world.admitted({ concurrency, queue: 'limited' }))),
    )
    let done = 0
    while (done < 12) {
      const { runs: claimed } = await store.claim({ worker: me, queues: ['limited'], orgs: null, limit: 100 })
      const runs = claimed.map((run) => run.run)
      expect(runs.length).toBeLessThanOrEqual(2)
      await Promise.all(
        runs.map((run, n) => (n % 2 ? store : other).flush({ ...emptyBatch, worker: me, finishes: [world.finish(run, { holds: true })] })),
      )
      done += runs.length
      expect(await store.violations()).toEqual([])
    }
  })
})

describe('errors', () => {
  it('a connection that breaks after the statement was sent throws Ambiguous, and the starts can be sent again', async () => {
    const { store, world } = pw
    const start = world.start()
    await world.flush(null, { starts: [start] })
    const blocker = await pw.connect('orrery_engine')
    await blocker.query('begin')
    await store.deliver(world.message(start.run), blocker)
    const other = world.start()
    const flushed = world.flush(null, { starts: [other], messages: [world.message(start.run)] })
    const failed = expect(flushed).rejects.toThrow(Ambiguous)
    await pw.until(() => isLockAwaited(admin))
    await admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'orrery flush' and wait_event_type = 'Lock'`,
    )
    await failed
    await blocker.query('rollback')
    await world.flush(null, { starts: [start, other] })
    await world.flush(null, { starts: [other, world.start()] })
    expect(await world.state(other.run)).toBe('ready')
  })

  it('rejects data that PostgreSQL cannot store and writes nothing of the batch', async () => {
    const { world, store } = pw
    const [good, bad] = [world.start(), world.start({ workflow: 'nul\0' })]
    await expect(world.flush(null, { starts: [good, bad] })).rejects.toThrow(Refused)
    await expect(world.flush(null, { starts: [good, world.start({ input: '{not json' })] })).rejects.toThrow(Refused)
    expect(await store.run(world.org, good.run)).toBeNull()
  })

  it('rejects a second journal row with the same number', async () => {
    const { world } = pw
    const me = await world.worker()
    const run = await world.running(me)
    await world.flush(me, { journal: [world.journal(run, 1)] })
    await expect(world.flush(me, { journal: [world.journal(run, 1)] })).rejects.toThrow(Refused)
  })

  it('rejects the end of a run that the worker does not hold', async () => {
    const { world, store } = pw
    const [me, thief] = [await world.worker(), await world.worker()]
    const run = await world.running(me)
    await expect(world.flush(thief, { finishes: [world.finish(run)] })).rejects.toThrow(Refused)
    expect(await store.result(world.org, run)).toBeNull()
  })
})

describe('companions', () => {
  it('companion rows commit with the batch or not at all', async () => {
    const { world, store } = pw
    const count = async () => (await admin.query<{ n: number }>('select count(*)::int n from public.note')).rows[0]?.n
    const [first, second] = [world.start(), world.start()]
    await world.flush(null, { starts: [first], companions: [1, 2, 3].map((n) => ({ table: 'note', values: [world.org, n] })) })
    expect(await count()).toBe(3)
    await expect(world.flush(null, { starts: [second], companions: [{ table: 'note', values: [world.org, 100] }] })).rejects.toThrow(
      Refused,
    )
    await expect(world.flush(null, { starts: [second], companions: [{ table: 'closed', values: [1] }] })).rejects.toThrow(Refused)
    await expect(world.flush(null, { starts: [second], companions: [{ table: 'unknown', values: [1] }] })).rejects.toThrow(Refused)
    expect(await store.run(world.org, second.run)).toBeNull()
    expect(await count()).toBe(3)
  })

  it('companion rows are not written for a fenced worker', async () => {
    const { world, store } = pw
    const me = await world.worker()
    const run = await world.running(me)
    await store.retire(me)
    const before = (await admin.query('select from public.note')).rowCount
    await expect(
      world.flush(me, { journal: [world.journal(run, 1)], companions: [{ table: 'note', values: [world.org, 1] }] }),
    ).rejects.toThrow(Fenced)
    await expect(world.flush(me, { companions: [{ table: 'note', values: [world.org, 1] }] })).rejects.toThrow(Fenced)
    expect((await admin.query('select from public.note')).rowCount).toBe(before)
  })
})
