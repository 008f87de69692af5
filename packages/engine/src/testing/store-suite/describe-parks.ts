import { expect, it } from 'vitest'
import type { World } from './world.ts'

export function describeParks(world: () => World): void {
  it('parks a run with its waits and without a worker', async () => {
    const { store, worker, running, flush, park, org, now } = world()
    const me = await worker()
    const run = await running(me)
    const waits = [{ type: 'timer', until: now + 60_000 }] as const
    const result = await flush(me, { parks: [park(run, { at: now + 60_000, waits, nextSeq: 4, base: 2 })] })
    expect(result).toEqual({ kept: [], held: [], readied: [], poked: [] })
    expect(await store.live(org, run)).toMatchObject({ state: 'waiting', worker: null, at: now + 60_000, waits, nextSeq: 4, base: 2 })
  })

  it('does not park a run that was poked after its worker last looked', async () => {
    const { store, worker, running, flush, park, message, org } = world()
    const me = await worker()
    const run = await running(me)
    await store.deliver(message(run))
    expect((await flush(me, { parks: [park(run)] })).kept).toEqual([run])
    expect(await store.live(org, run)).toMatchObject({ state: 'running', worker: me })
  })

  it('parks a run with unread messages if its worker has seen every poke', async () => {
    const { store, worker, running, flush, park, message, state, org } = world()
    const me = await worker()
    const run = await running(me)
    await store.deliver(message(run))
    const inbox = await store.inbox(org, run)
    expect((await flush(me, { parks: [park(run, { wakes: inbox?.wakes ?? -1 })] })).kept).toEqual([])
    expect(await state(run)).toBe('waiting')
    expect((await store.inbox(org, run))?.messages).toHaveLength(1)
  })

  it('does not park a run that is asked to pause in the meantime', async () => {
    const { store, worker, running, flush, park, org } = world()
    const me = await worker()
    const run = await running(me)
    await store.setPause(org, run, true)
    expect((await flush(me, { parks: [park(run)] })).kept).toEqual([run])
  })

  it('writes the rest of a batch in which a run is not parked', async () => {
    const { store, worker, running, flush, park, journal, message, state, org } = world()
    const me = await worker()
    const [poked, quiet] = [await running(me), await running(me)]
    await store.deliver(message(poked))
    const { kept } = await flush(me, { parks: [park(poked), park(quiet)], journal: [journal(poked, 1)] })
    expect(kept).toEqual([poked])
    expect(await state(quiet)).toBe('waiting')
    expect(await store.history(org, poked, 0)).toHaveLength(1)
  })

  it('no claim takes a run that waits only for a poke', async () => {
    const { worker, running, flush, park, claim } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { parks: [park(run, { at: null })] })
    expect(await claim(me)).toEqual([])
  })

  it('a run parked as ready goes to the next claim', async () => {
    const { worker, running, flush, park, claim } = world()
    const [me, you] = [await worker(), await worker()]
    const run = await running(me)
    await flush(me, { parks: [park(run, { state: 'ready', waits: [] })] })
    expect(await claim(you)).toEqual([run])
  })

  it('blocks a run with a reason, and no claim takes it', async () => {
    const { store, worker, running, flush, park, claim, org } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { parks: [park(run, { state: 'blocked', waits: [], reason: 'no such step' })] })
    expect(await store.live(org, run)).toMatchObject({ state: 'blocked', reason: 'no such step', worker: null })
    expect(await claim(me)).toEqual([])
  })

  it('parking a run resets its crash count, and blocking does not', async () => {
    const { store, worker, running, flush, park, claim, crash, org } = world()
    const [dead, me] = [await worker(), await worker()]
    const run = await running(dead)
    await crash(run, me)
    await claim(me)
    await flush(me, { parks: [park(run, { state: 'blocked', waits: [], reason: 'poison' })] })
    expect((await store.live(org, run))?.crashes).toBe(1)
    await store.unblock(org, run, null)
    const [claimed] = (await store.claim({ worker: me, queues: [world().queue], orgs: null, limit: 1 })).runs
    expect(claimed?.crashes).toBe(0)
    await flush(me, { parks: [park(run, { wakes: claimed?.wakes ?? -1 })] })
    expect((await store.live(org, run))?.crashes).toBe(0)
  })
}
