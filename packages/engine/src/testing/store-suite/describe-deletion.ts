/** Goal: ended runs are deleted whole, and no others. Uses only the port. */
import { expect, it } from 'vitest'
import type { World } from './world.ts'

export function describeDeletion(world: () => World): void {
  /** All that the port shows of a run. */
  const stored = async (run: string) => {
    const { store, org } = world()
    return [await store.run(org, run), await store.result(org, run), await store.live(org, run), ...(await store.history(org, run, 0))]
  }

  it('deletes ended runs with their history, and leaves the others as they are', async () => {
    const { store, worker, running, flush, journal, finish, org, id } = world()
    const me = await worker()
    const [gone, kept] = [await running(me), await running(me)]
    await flush(me, { journal: [journal(gone, 1), journal(kept, 1)], finishes: [finish(gone), finish(kept)] })
    const before = await stored(kept)
    expect(await store.deleteRuns(org, [gone, id()])).toEqual([gone])
    expect(await stored(gone)).toEqual([null, null, null])
    expect(await stored(kept)).toEqual(before)
    expect(await store.deleteRuns(org, [gone])).toEqual([])
    expect(await store.deleteRuns(org, [])).toEqual([])
    expect(await store.deleteRuns(id(), [kept])).toEqual([])
    expect(await stored(kept)).toEqual(before)
  })

  it('deletes no run that has not ended, in any state', async () => {
    const { store, worker, running, ready, flush, park, org, now } = world()
    const me = await worker()
    const [held, waiting, paused, blocked] = [await running(me), await running(me), await running(me), await running(me)]
    const parks = [park(waiting), park(paused, { state: 'paused', waits: [] }), park(blocked, { state: 'blocked', waits: [], reason: 'x' })]
    await flush(me, { parks })
    const runs = [held, waiting, paused, blocked, await ready(), await ready({ state: 'waiting', at: now + 60_000 })]
    expect(await store.deleteRuns(org, runs)).toEqual([])
    for (const run of runs) expect(await store.live(org, run)).not.toBeNull()
  })

  it('keeps an ended child while its parent may start it again', async () => {
    const { store, worker, running, flush, finish, journal, childEnd, org } = world()
    const me = await worker()
    const parent = await running(me)
    const children = [
      await running(me, { parent: { run: parent, cmd: 1, close: 'cancel' } }),
      await running(me, { parent: { run: parent, cmd: 2, close: 'abandon' } }),
    ]
    await flush(me, {
      finishes: children.map((run) => finish(run)),
      messages: children.map((child, at) => childEnd(parent, { cmd: at + 1, child })),
    })
    expect(await store.deleteRuns(org, children)).toEqual([])
    await flush(me, { journal: [journal(parent, 1)], finishes: [finish(parent)] })
    expect((await store.deleteRuns(org, [...children, parent])).toSorted()).toEqual([...children, parent].toSorted())
  })

  it('a child that outlives its deleted parent ends as usual', async () => {
    const { store, worker, running, flush, finish, org, state } = world()
    const me = await worker()
    const parent = await running(me)
    const child = await running(me, { parent: { run: parent, cmd: 1, close: 'abandon' } })
    await flush(me, { finishes: [finish(parent)] })
    expect(await store.deleteRuns(org, [parent])).toEqual([parent])
    await flush(me, { finishes: [finish(child)] })
    expect(await state(child)).toBe('succeeded')
    expect(await store.deleteRuns(org, [child])).toEqual([child])
  })

  it('frees the dedupe key of a deleted run', async () => {
    const { store, admitted, org } = world()
    const dedupe = { key: 'once', windowMs: 600_000, reuse: 'never' } as const
    const first = admitted({ dedupe })
    await store.startAdmitted(first)
    await world().terminate(first.run)
    const again = admitted({ dedupe })
    expect(await store.startAdmitted(again)).toMatchObject({ type: 'existing', run: first.run })
    await store.deleteRuns(org, [first.run])
    expect(await store.startAdmitted(again)).toMatchObject({ type: 'started', run: again.run })
  })

  it('deletes a large payload with the last run that holds it', async () => {
    const { store, worker, running, flush, finish, org } = world()
    const me = await worker()
    const input = JSON.stringify('ü'.repeat(50_000))
    const [one, two] = [await running(me, { input }), await running(me, { input })]
    await flush(me, { finishes: [finish(one, { output: input }), finish(two)] })
    expect(await store.deleteRuns(org, [one])).toEqual([one])
    expect((await store.run(org, two))?.input).toBe(input)
    expect(await store.deleteRuns(org, [two])).toEqual([two])
    const three = await running(me, { input })
    expect((await store.run(org, three))?.input).toBe(input)
  })

  it('makes no copy of a deleted run', async () => {
    const { store, worker, running, flush, journal, row, finish, org } = world()
    const me = await worker()
    const source = await running(me)
    await flush(me, { journal: [journal(source, 1)], finishes: [finish(source)] })
    await store.deleteRuns(org, [source])
    const target = row()
    expect(await store.fork({ org, run: source, beforeSeq: 2 }, target, new Map())).toBe(false)
    expect(await store.run(org, target.run)).toBeNull()
  })
}
