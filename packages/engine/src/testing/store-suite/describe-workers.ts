import { expect, it } from 'vitest'
import { Fenced } from '../../store/store-errors.ts'
import type { World } from './world.ts'

export function describeWorkers(world: () => World): void {
  it('every registration has an id of its own and returns the database’s time', async () => {
    const { store } = world()
    const info = { host: 'h', pid: 7, version: '1', queues: ['q'], slots: 2, steps: ['a'], orgs: null }
    const [first, second] = [await store.register(info), await store.register(info)]
    expect(first.worker).not.toBe(second.worker)
    expect(second.now).toBeGreaterThanOrEqual(first.now)
  })

  it('retiring a worker makes its runs ready without counting a crash', async () => {
    const { store, worker, running, claim, org } = world()
    const [me, you] = [await worker(), await worker()]
    const runs = [await running(me), await running(me)]
    await running(you)
    expect(await store.retire(me)).toBe(2)
    expect(await store.retire(me)).toBe(0)
    expect(await store.live(org, runs[0] ?? '')).toMatchObject({ state: 'ready', worker: null, crashes: 0 })
    expect((await claim(you)).sort()).toEqual([...runs].sort())
  })

  it('a retired worker cannot write', async () => {
    const { store, worker, flush, start } = world()
    const me = await worker()
    await store.retire(me)
    await expect(flush(me, { starts: [start()] })).rejects.toThrow(Fenced)
  })

  it('reaps silent workers, makes their runs ready and counts a crash for each', async () => {
    const { store, worker, running, crash, claim, org } = world()
    const [dead, me] = [await worker(), await worker()]
    const run = await running(dead)
    expect(await crash(run, me)).toBeGreaterThan(0)
    expect(await store.live(org, run)).toMatchObject({ state: 'ready', worker: null, crashes: 1 })
    expect(await claim(me)).toEqual([run])
  })

  it('a reaped worker learns that it is not alive, and cannot write', async () => {
    const { worker, running, beat, flush, start, crash } = world()
    const [dead, me] = [await worker(), await worker()]
    await crash(await running(dead), me)
    expect((await beat(dead)).alive).toBe(false)
    await expect(flush(dead, { starts: [start()] })).rejects.toThrow(Fenced)
  })

  it('does not reap a worker that beats', async () => {
    const { worker, running, beat, state } = world()
    const [other, me] = [await worker(), await worker()]
    const run = await running(other)
    expect((await beat(other)).alive).toBe(true)
    expect((await beat(me, 600_000)).reaped).toBe(0)
    expect(await state(run)).toBe('running')
  })

  it('keeps a beating worker over many leases, and reaps one that does not beat', async () => {
    const { worker, running, beat, ageBeats, state } = world()
    const [steady, silent, reaper] = [await worker(), await worker(), await worker()]
    const [kept, handedOn] = [await running(steady), await running(silent)]
    const leaseMs = 60_000
    for (let passed = 0; passed < 3 * leaseMs; passed += leaseMs / 2) {
      await ageBeats(leaseMs / 2)
      expect((await beat(steady)).alive).toBe(true)
      await beat(reaper, leaseMs)
    }
    expect([await state(kept), await state(handedOn)]).toEqual(['running', 'ready'])
  })

  it('counts crashes since the last progress of a run', async () => {
    const { store, worker, running, crash, claim, flush, journal, org } = world()
    const me = await worker()
    const crashes: number[] = []
    let dead = await worker()
    const run = await running(dead)
    for (const seq of [null, null, 1, null]) {
      if (seq !== null) await flush(dead, { journal: [journal(run, seq)] })
      await crash(run, me)
      crashes.push((await store.live(org, run))?.crashes ?? -1)
      dead = await worker()
      // From the second loss on a run waits before it is handed on.
      await world().until(async () => (await claim(dead)).length === 1)
    }
    expect(crashes).toEqual([1, 2, 1, 2])
  })

  it('does not count the loss of a worker against a run that only waited at its last beat', async () => {
    const { store, worker, running, crash, queue, org } = world()
    const [dead, me] = [await worker(), await worker()]
    const [idle, busy] = [await running(dead), await running(dead)]
    await store.beat(dead, { leaseMs: 20, queues: [queue], idle: [idle] })
    await crash(busy, me)
    expect(await Promise.all([idle, busy].map(async (run) => (await store.live(org, run))?.crashes))).toEqual([0, 1])
  })

  it('takes a loss back when the process of the worker returns', async () => {
    const { store, worker, running, crash, claim, org } = world()
    const [slow, me] = [await worker(), await worker()]
    const run = await running(slow)
    await crash(run, me)
    expect(await claim(await worker())).toEqual([run])
    await crash(run, me)
    expect((await store.live(org, run))?.crashes).toBe(2)
    await store.retire(slow)
    expect((await store.live(org, run))?.crashes).toBe(1)
  })

  it('a run that waits because of a loss continues when that worker returns', async () => {
    const { store, worker, running, crash, claim, org } = world()
    const [first, me] = [await worker(), await worker()]
    const run = await running(first)
    await crash(run, me)
    const second = await worker()
    expect(await claim(second)).toEqual([run])
    await crash(run, me)
    const seen = async () => {
      const live = await store.live(org, run)
      return [live?.state, live?.crashes, live?.at === null]
    }
    expect(await seen()).toEqual(['waiting', 2, false])
    await store.retire(first)
    expect(await seen()).toEqual(['waiting', 1, false])
    await store.retire(second)
    expect(await seen()).toEqual(['ready', 0, true])
  })

  it('a worker that was silent itself reaps no other', async () => {
    const { worker, running, beat, ageBeats, state } = world()
    const [me, other] = [await worker(), await worker()]
    const run = await running(other)
    await ageBeats(120_000)
    expect((await beat(me, 60_000)).reaped).toBe(0)
    expect((await beat(other, 60_000)).alive).toBe(true)
    await ageBeats(50_000)
    expect((await beat(me, 60_000)).reaped).toBe(0)
    expect(await state(run)).toBe('running')
  })

  it('a worker that asked for a longer lease may be silent for longer', async () => {
    const { worker, running, beat, ageBeats, state } = world()
    const [me, slow] = [await worker(), await worker()]
    const run = await running(slow)
    await beat(slow, 300_000)
    await ageBeats(120_000)
    await beat(me, 60_000)
    await beat(me, 60_000)
    expect(await state(run)).toBe('running')
    await ageBeats(200_000)
    await beat(me, 60_000)
    await beat(me, 60_000)
    expect(await state(run)).toBe('ready')
  })

  it('after a crash, the live row has the next seq and the first row of the generation', async () => {
    const { store, worker, running, flush, journal, org } = world()
    const me = await worker()
    const run = await running(me)
    const generation = journal(run, 2, { kind: 'generation', cmd: 0, name: '1', input: null, output: '5' })
    await flush(me, { journal: [journal(run, 1), generation, journal(run, 3)] })
    await store.retire(me)
    expect(await store.live(org, run)).toMatchObject({ nextSeq: 4, base: 2 })
  })

  it('a beat names only the poked runs of this worker', async () => {
    const { store, worker, running, message, beat, org } = world()
    const [me, you] = [await worker(), await worker()]
    const [quiet, signalled, paused, theirs] = [await running(me), await running(me), await running(me), await running(you)]
    await store.deliver(message(signalled))
    await store.setPause(org, paused, true)
    await store.deliver(message(theirs))
    const { poked } = await beat(me)
    expect([...poked].sort()).toEqual([signalled, paused].sort())
    expect(poked).not.toContain(quiet)
  })

  it('a beat does not name a run whose messages were all received', async () => {
    const { store, worker, running, message, beat, flush, org } = world()
    const me = await worker()
    const run = await running(me)
    const first = message(run)
    await store.deliver(first)
    await flush(me, { received: [{ org, run, id: first.id }] })
    expect((await beat(me)).poked).toEqual([])
  })

  it('a beat reports whether runs are ready and when the next becomes due', async () => {
    const { worker, ready, beat, now } = world()
    const me = await worker()
    expect(await beat(me)).toMatchObject({ alive: true, ready: false, nextAt: null })
    await ready({ state: 'waiting', at: now + 90_000 })
    await ready({ state: 'waiting', at: now + 60_000 })
    expect(await beat(me)).toMatchObject({ ready: false, nextAt: now + 60_000 })
    await ready()
    expect((await beat(me)).ready).toBe(true)
  })
}
