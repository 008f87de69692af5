import { expect, it } from 'vitest'
import type { World } from './world.ts'

const HOUR_MS = 3_600_000

/** Depths count runs of all orgs, and other tests leave runs, so only differences are compared. */
export function describeDepths(world: () => World): void {
  it('counts the live runs of all orgs by state', async () => {
    const { store, worker, ready, running, claim, flush, park, admitted, finish, id, row, org } = world()
    const before = (await store.depths()).live
    const me = await worker()
    const [parked, blocked, ended] = [await running(me), await running(me), await running(me)]
    await flush(me, {
      parks: [park(parked), park(blocked, { state: 'blocked', reason: 'no bundle', waits: [] })],
      finishes: [finish(ended)],
    })
    const concurrency = [{ limit: 'one', max: 1, onFull: 'queue' }] as const
    await store.startAdmitted(admitted({ concurrency }))
    await store.startAdmitted(admitted({ concurrency }))
    expect(await claim(me)).toHaveLength(1)
    const paused = await ready()
    await store.setPause(org, paused, true)
    await ready()
    // A run of another org counts too.
    const other = { ...row({ org: id(), run: id() }), state: 'ready', at: null } as const
    await flush(null, { starts: [other] })
    const after = (await store.depths()).live
    const more = Object.fromEntries(Object.entries(after).map(([state, runs]) => [state, runs - before[state as keyof typeof before]]))
    expect(more).toEqual({ ready: 2, running: 1, waiting: 1, gated: 1, paused: 1, blocked: 1 })
  })

  it('reports how long the oldest ready run has waited, for any priority and without paused queues', async () => {
    const { store, ready, now, org, queue } = world()
    expect((await store.depths()).oldestReadyMs).toBeLessThan(HOUR_MS)
    await ready({ priority: 'urgent', at: now - 2 * HOUR_MS })
    const { oldestReadyMs } = await store.depths()
    expect(oldestReadyMs).toBeGreaterThanOrEqual(2 * HOUR_MS)
    expect(oldestReadyMs).toBeLessThan(3 * HOUR_MS)
    await store.setQueuePaused(org, queue, true)
    expect((await store.depths()).oldestReadyMs).toBeLessThan(HOUR_MS)
    await store.setQueuePaused(org, queue, false)
    expect((await store.depths()).oldestReadyMs).toBeGreaterThanOrEqual(2 * HOUR_MS)
    await store.setQueuePaused(org, queue, true)
  })
}
