/** Goal: a run that no worker holds needs none to be cancelled, to time out, or to end with its parent. Uses only the port. */
import { expect, it } from 'vitest'
import type { ParentClose, RunId, WorkerId } from '../../store/store.ts'
import { Fenced } from '../../store/store-errors.ts'
import type { World } from './world.ts'

export function describeStops(world: () => World): void {
  const full = { limit: 'key:one', max: 1, onFull: 'queue' } as const

  /** A run that a worker has begun and parked. */
  const parked = async (
    by: WorkerId,
    state: 'waiting' | 'paused' | 'blocked',
    change: Parameters<World['running']>[1] = {},
  ): Promise<RunId> => {
    const { running, flush, park, store, org } = world()
    const run = await running(by, change)
    if (state === 'paused') await store.setPause(org, run, true)
    const wakes = state === 'paused' ? 1 : 0
    await flush(by, {
      parks: [park(run, { state, wakes, reason: state === 'blocked' ? 'x' : null, ...(state === 'waiting' ? {} : { waits: [] }) })],
    })
    return run
  }

  /** A run that waits for a limit which another run holds. */
  const gated = async (change: Parameters<World['admitted']>[0] = {}): Promise<RunId> => {
    const { store, admitted } = world()
    await store.startAdmitted(admitted({ concurrency: [full] }))
    const start = admitted({ concurrency: [full], ...change })
    expect(await store.startAdmitted(start)).toMatchObject({ state: 'gated' })
    return start.run
  }

  it('a cancellation ends a run that has not begun or is blocked', async () => {
    const { store, worker, ready, cancellation, state, now } = world()
    const paused = await ready()
    await store.setPause(world().org, paused, true)
    const runs = [
      await ready(),
      await ready({ state: 'waiting', at: now + 60_000 }),
      await gated(),
      paused,
      await parked(await worker(), 'blocked'),
    ]
    for (const run of runs) {
      expect(await store.deliver(cancellation(run))).toMatchObject({ type: 'delivered', worker: null })
      expect(await state(run)).toBe('cancelled')
    }
  })

  it('a cancellation in a batch ends a run that has not begun, and admits the next', async () => {
    const { store, worker, admitted, flush, cancellation, state } = world()
    const [holder, next] = [admitted({ concurrency: [full] }), admitted({ concurrency: [full] })]
    for (const start of [holder, next]) await store.startAdmitted(start)
    const { readied } = await flush(await worker(), { messages: [cancellation(holder.run)] })
    expect(readied.map(({ run }) => run)).toEqual([next.run])
    expect([await state(holder.run), await state(next.run)]).toEqual(['cancelled', 'ready'])
  })

  it.each(['waiting', 'paused'] as const)('a cancellation wakes a run that has begun and is %s', async (before) => {
    const { store, worker, cancellation, org } = world()
    const run = await parked(await worker(), before)
    await store.deliver(cancellation(run))
    expect(await store.live(org, run)).toMatchObject({ state: 'ready', pauseRequested: false })
    expect((await store.inbox(org, run))?.messages).toMatchObject([{ kind: 'cancel' }])
  })

  it('a cancellation ends a request to pause', async () => {
    const { store, worker, running, cancellation, org } = world()
    const me = await worker()
    const run = await running(me)
    await store.setPause(org, run, true)
    expect(await store.deliver(cancellation(run))).toMatchObject({ worker: me })
    expect(await store.inbox(org, run)).toMatchObject({ pauseRequested: false, messages: [{ kind: 'cancel' }] })
  })

  const ends: Readonly<Record<string, (by: WorkerId) => Promise<RunId>>> = {
    'returns, with children of earlier generations': async (by) => world().running(by),
    'is terminated': (by) => parked(by, 'waiting'),
    'is blocked and cancelled': (by) => parked(by, 'blocked'),
  }
  const end: Readonly<Record<string, (by: WorkerId, run: RunId) => Promise<unknown>>> = {
    'returns, with children of earlier generations': (by, run) => world().flush(by, { finishes: [world().finish(run, { children: [] })] }),
    'is terminated': (_, run) => world().terminate(run, 'stop'),
    'is blocked and cancelled': (_, run) => world().store.deliver(world().cancellation(run)),
  }

  it.each(Object.keys(ends))('stops the children of a parent that %s', async (how) => {
    const { worker, running, ready, state, store, org } = world()
    const me = await worker()
    const run = (await ends[how]?.(me)) ?? ''
    const parent = (close: ParentClose) => ({ parent: { run, cmd: 1, close } })
    const unbegun = await ready(parent('cancel'))
    const waiting = await parked(me, 'waiting', parent('cancel'))
    const busy = await running(me, parent('terminate'))
    const hard = await parked(me, 'waiting', parent('terminate'))
    const behind = await gated(parent('cancel'))
    const abandoned = [await ready(parent('abandon')), await parked(me, 'waiting', parent('abandon'))]
    const grandchild = await ready({ parent: { run: hard, cmd: 1, close: 'cancel' } })
    await end[how]?.(me, run)
    expect(await Promise.all([unbegun, hard, behind, grandchild].map(state))).toEqual(Array(4).fill('cancelled'))
    expect((await store.inbox(org, waiting))?.messages).toMatchObject([{ kind: 'cancel' }])
    expect((await store.inbox(org, busy))?.messages).toMatchObject([{ kind: 'terminate' }])
    expect(await Promise.all([waiting, busy, ...abandoned].map(state))).toEqual(['ready', 'running', 'ready', 'waiting'])
  })

  it('starts no child of a parent that has ended, unless the child may outlive it', async () => {
    const { store, other, worker, running, flush, finish, admitted, state, org } = world()
    const me = await worker()
    const run = await running(me)
    const limits = { worker: me, concurrency: [{ limit: `lane-${run}`, max: 1, onFull: 'queue' as const }] }
    const child = (close: ParentClose) => admitted({ parent: { run, cmd: 1, close }, ...limits })
    const [early, late, abandoned] = [child('cancel'), child('terminate'), child('abandon')]
    await store.startAdmitted(early)
    await flush(me, { finishes: [finish(run, { children: [early.run] })] })
    expect(await state(early.run)).toBe('cancelled')
    await expect(other.startAdmitted(late)).rejects.toThrow(Fenced)
    expect(await store.run(org, late.run)).toBeNull()
    expect(await store.startAdmitted(abandoned)).toMatchObject({ type: 'started', state: 'ready' })
    expect(await store.startAdmitted(early)).toEqual({ type: 'existing', run: early.run })
  })

  it('reports the children that a batch woke and poked', async () => {
    const { worker, running, flush, finish } = world()
    const [me, other] = [await worker(), await worker()]
    const run = await running(me)
    const child = { parent: { run, cmd: 1, close: 'cancel' } } as const
    const [waiting, busy] = [await parked(me, 'waiting', child), await running(other, child)]
    const result = await flush(me, { finishes: [finish(run, { children: [waiting, busy] })] })
    expect(result.readied.map((each) => each.run)).toEqual([waiting])
    expect(result.poked).toEqual([{ run: busy, worker: other }])
  })

  it('ends a long line of children that have not begun', async () => {
    const { worker, ready, running, flush, finish, state } = world()
    const me = await worker()
    const first = await running(me)
    const line = [first]
    for (let n = 0; n < 300; n++) line.push(await ready({ parent: { run: line.at(-1) ?? '', cmd: 1, close: 'cancel' } }))
    await flush(me, { finishes: [finish(first, { children: [] })] })
    expect(new Set(await Promise.all(line.slice(1).map(state)))).toEqual(new Set(['cancelled']))
  })

  it('times out runs past their deadline that no worker holds, and wakes a paused one', async () => {
    const { store, worker, running, ready, beat, state, now, queue } = world()
    const me = await worker()
    const late = { deadline: now - 1000 }
    const blocked = await parked(me, 'blocked', late)
    const ended = [await ready(late), await ready({ ...late, state: 'waiting', at: now + 60_000 }), await gated(late), blocked]
    const [paused, busy, later] = [await parked(me, 'paused', late), await running(me, late), await ready({ deadline: now + 3_600_000 })]
    expect((await beat(me)).overdue).toBe(true)
    expect(await store.expire()).toContain(queue)
    expect(await Promise.all(ended.map(state))).toEqual(Array(4).fill('timed_out'))
    expect(await Promise.all([paused, busy, later].map(state))).toEqual(['ready', 'running', 'ready'])
  })

  it('leaves a run with history that no worker has taken yet to its first worker', async () => {
    const { store, worker, running, flush, journal, row, beat, state, now, org } = world()
    const me = await worker()
    const source = await running(me)
    await flush(me, { journal: [journal(source, 1)] })
    const target = row({ origin: { kind: 'fork', run: source, seq: 2 }, deadline: now - 1000 })
    await store.fork({ org, run: source, beforeSeq: 2 }, target, new Map())
    expect((await beat(me)).overdue).toBe(false)
    await store.expire()
    expect(await state(target.run)).toBe('ready')
  })

  it('times out a debounced run by the deadline of its last start', async () => {
    const { store, admitted, state, now } = world()
    const debounce = { key: 'doc', delayMs: 60_000, maxDelayMs: null }
    const first = admitted({ debounce, deadline: now - 1000 })
    await store.startAdmitted(first)
    await store.startAdmitted(admitted({ debounce, deadline: now + 3_600_000 }))
    await store.expire()
    expect(await state(first.run)).toBe('waiting')
  })
}
