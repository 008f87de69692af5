import { expect, it } from 'vitest'
import type { World } from './world.ts'

const own = { scopes: ['mail:send'], grants: { 'crm.update': ['crm:write'] } }
const other = { scopes: [], grants: {} }

export function describeAuthority(world: () => World): void {
  it('keeps what a run may do, and hands it to the worker that claims the run', async () => {
    const { store, ready, worker, queue, org, admitted } = world()
    const me = await worker()
    const plain = await ready({ authority: own })
    const start = admitted({ authority: own })
    await store.startAdmitted(start)
    const none = await ready()
    const { runs: claimed } = await store.claim({ worker: me, queues: [queue], orgs: null, limit: 10 })
    expect(new Map(claimed.map(({ run, authority }) => [run, authority]))).toEqual(
      new Map([
        [plain, own],
        [start.run, own],
        [none, null],
      ]),
    )
    for (const run of [plain, start.run]) expect((await store.run(org, run))?.authority).toEqual(own)
    expect((await store.run(org, none))?.authority).toBeNull()
  })

  it('an existing run keeps its authority, if it is started again or by its dedupe key', async () => {
    const { store, admitted, org } = world()
    const dedupe = { key: 'order-7', windowMs: 600_000 }
    const first = admitted({ authority: other, dedupe })
    await store.startAdmitted(first)
    expect(await store.startAdmitted({ ...first, authority: own })).toMatchObject({ type: 'existing' })
    expect(await store.startAdmitted(admitted({ authority: own, dedupe }))).toEqual({ type: 'existing', run: first.run })
    expect((await store.run(org, first.run))?.authority).toEqual(other)
  })

  it.each([
    ['a wider', other, own],
    ['a narrower', own, other],
    ['no', own, null],
  ])('a debounced start that replaces an input replaces its authority by its own: %s one', async (_, before, after) => {
    const { store, admitted, org } = world()
    const debounce = { key: 'k', delayMs: 60_000, maxDelayMs: null }
    const first = admitted({ authority: before, debounce })
    await store.startAdmitted(first)
    expect(await store.startAdmitted(admitted({ authority: after, input: '{"n":2}', debounce }))).toEqual({
      type: 'debounced',
      run: first.run,
    })
    expect(await store.run(org, first.run)).toMatchObject({ input: '{"n":2}', authority: after })
  })

  it('gives a copy of a run the authority that its row has', async () => {
    const { store, ready, row, org } = world()
    const source = await ready({ authority: own })
    const target = row({ authority: own, origin: { kind: 'fork', run: source, seq: 1 } })
    await store.fork({ org, run: source, beforeSeq: 1 }, target, new Map())
    expect((await store.run(org, target.run))?.authority).toEqual(own)
  })
}
