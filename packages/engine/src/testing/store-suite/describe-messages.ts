import { expect, it } from 'vitest'
import type { World } from './world.ts'

export function describeMessages(world: () => World): void {
  it('keeps messages in the order of arrival, not of their ids', async () => {
    const { store, ready, message, org } = world()
    const run = await ready()
    const [first, second] = [message(run, { payload: '{"a":1}' }), message(run, { payload: null })]
    await store.deliver(second)
    await store.deliver(first)
    expect((await store.inbox(org, run))?.messages).toEqual([second, first])
  })

  it('wakes a waiting run and reports it', async () => {
    const { store, worker, running, flush, park, message, queue, org } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { parks: [park(run)] })
    expect(await store.deliver(message(run))).toEqual({ type: 'delivered', worker: null, queue })
    expect(await store.live(org, run)).toMatchObject({ state: 'ready', waits: [], at: null })
  })

  it('a flushed message wakes runs too, and the result names woken runs and poked workers', async () => {
    const { worker, running, flush, park, message, queue } = world()
    const [me, you] = [await worker(), await worker()]
    const [waiting, busy] = [await running(me), await running(you)]
    await flush(me, { parks: [park(waiting)] })
    const result = await flush(me, { messages: [message(waiting), message(waiting), message(busy)] })
    expect(result.readied).toEqual([{ run: waiting, queue }])
    expect(result.poked).toEqual([{ run: busy, worker: you }])
  })

  it('reports the worker that holds a running run', async () => {
    const { store, worker, running, message, queue } = world()
    const me = await worker()
    expect(await store.deliver(message(await running(me)))).toEqual({ type: 'delivered', worker: me, queue })
  })

  it('ignores a message with a known id', async () => {
    const { store, ready, message, org } = world()
    const run = await ready()
    const first = message(run, { payload: '1' })
    await store.deliver(first)
    expect((await store.deliver({ ...first, payload: '2' })).type).toBe('delivered')
    expect((await store.inbox(org, run))?.messages).toEqual([first])
  })

  it('ignores a message that was already received', async () => {
    const { store, worker, running, flush, message, org } = world()
    const me = await worker()
    const run = await running(me)
    const first = message(run)
    await store.deliver(first)
    await flush(me, { received: [{ org, run, id: first.id }] })
    await store.deliver(first)
    await flush(me, { messages: [first] })
    expect((await store.inbox(org, run))?.messages).toEqual([])
  })

  it('a repeated message does not wake a run', async () => {
    const { store, worker, running, flush, park, message, state, org } = world()
    const me = await worker()
    const run = await running(me)
    const first = message(run)
    await store.deliver(first)
    const wakes = (await store.inbox(org, run))?.wakes ?? -1
    await flush(me, { parks: [park(run, { wakes })] })
    await store.deliver(first)
    expect(await state(run)).toBe('waiting')
    await flush(null, { messages: [first] })
    expect(await state(run)).toBe('waiting')
  })

  it('removes a received message from the inbox together with writing its journal row', async () => {
    const { store, worker, running, flush, journal, message, org } = world()
    const me = await worker()
    const run = await running(me)
    const [first, second] = [message(run), message(run)]
    await flush(null, { messages: [first, second] })
    await flush(me, { received: [{ org, run, id: first.id }], journal: [journal(run, 1, { kind: 'signal' })] })
    expect((await store.inbox(org, run))?.messages).toEqual([second])
    expect(await store.history(org, run, 0)).toMatchObject([{ kind: 'signal' }])
  })

  it('returns `finished` for an ended run and `unknown` for a run that does not exist', async () => {
    const { store, worker, running, flush, finish, message, org, id } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { finishes: [finish(run)] })
    expect(await store.deliver(message(run))).toEqual({ type: 'finished' })
    expect(await store.deliver(message(id()))).toEqual({ type: 'unknown' })
    expect(await store.inbox(org, run)).toBeNull()
  })

  it('drops a message of a batch to an ended run and writes the rest', async () => {
    const { worker, running, flush, finish, message, start, state } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { finishes: [finish(run)] })
    const begun = start()
    expect(await flush(me, { messages: [message(run)], starts: [begun] })).toEqual({ kept: [], held: [], readied: [], poked: [] })
    expect(await state(begun.run)).toBe('ready')
  })

  it('drops unread messages when a run ends', async () => {
    const { store, worker, running, flush, finish, message, org } = world()
    const me = await worker()
    const run = await running(me)
    await store.deliver(message(run))
    await flush(me, { finishes: [finish(run)] })
    expect(await store.inbox(org, run)).toBeNull()
    expect(await store.violations()).toEqual([])
  })

  it('a signal leaves a delayed run waiting', async () => {
    const { store, ready, message, org, now } = world()
    const at = now + 600_000
    const run = await ready({ state: 'waiting', at })
    await store.deliver(message(run))
    expect(await store.live(org, run)).toMatchObject({ state: 'waiting', at })
  })

  it('does not wake a paused or a blocked run', async () => {
    const { store, worker, running, flush, park, message, state } = world()
    const me = await worker()
    const [paused, blocked] = [await running(me), await running(me)]
    await flush(me, { parks: [park(paused, { state: 'paused', waits: [] }), park(blocked, { state: 'blocked', waits: [], reason: 'x' })] })
    await flush(null, { messages: [message(paused), message(blocked)] })
    await store.deliver(message(paused))
    expect([await state(paused), await state(blocked)]).toEqual(['paused', 'blocked'])
  })

  it('carries a large payload and a failure', async () => {
    const { store, ready, message, childEnd, org } = world()
    const run = await ready()
    const failure = { name: 'Error', message: 'child broke', kind: 'child_failed' } as const
    const [big, bad] = [message(run, { payload: JSON.stringify('x'.repeat(100_000)) }), childEnd(run, { output: null, error: failure })]
    await store.deliver(big)
    await flushed(world(), bad)
    expect((await store.inbox(org, run))?.messages).toEqual([big, bad])
  })
}

async function flushed({ flush }: World, message: Parameters<World['store']['deliver']>[0]): Promise<void> {
  await flush(null, { messages: [message] })
}
