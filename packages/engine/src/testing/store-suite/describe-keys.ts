/** Goal: dedupe keys, debounce keys and repeated ids decide which starts make a run. Uses only the port, with concurrent starts. */
import { expect, it } from 'vitest'
import { Fenced } from '../../store/store-errors.ts'
import type { World } from './world.ts'

export function describeKeys(world: () => World): void {
  it('starts a run without limits at once', async () => {
    const { store, admitted, org } = world()
    const start = admitted()
    expect(await store.startAdmitted(start)).toEqual({ type: 'started', run: start.run, state: 'ready', cancelled: [] })
    expect((await store.live(org, start.run))?.state).toBe('ready')
  })

  it('a delayed start waits for its time', async () => {
    const { store, admitted, now, org } = world()
    const start = admitted({ at: now + 60_000 })
    expect(await store.startAdmitted(start)).toMatchObject({ type: 'started', state: 'waiting' })
    expect(await store.live(org, start.run)).toMatchObject({ state: 'waiting', at: now + 60_000 })
  })

  it('a repeated start returns the existing run', async () => {
    const { store, admitted, org } = world()
    const start = admitted({ concurrency: [{ limit: 'x', max: 1, onFull: 'cancel_newest' }] })
    await store.startAdmitted(start)
    expect(await store.startAdmitted({ ...start, input: '2' })).toEqual({ type: 'existing', run: start.run })
    expect((await store.run(org, start.run))?.input).toBe(start.input)
    expect(await store.violations()).toEqual([])
  })

  it('starts nothing on behalf of a fenced worker', async () => {
    const { store, worker, admitted, state } = world()
    const me = await worker()
    const [first, second] = [admitted({ worker: me }), admitted({ worker: me })]
    expect(await store.startAdmitted(first)).toMatchObject({ type: 'started', run: first.run })
    await store.retire(me)
    await expect(store.startAdmitted(second)).rejects.toThrow(Fenced)
    expect(await state(second.run)).toBe('unknown')
  })

  it('returns the first run of a dedupe key within its window, even after that run has ended', async () => {
    const { store, admitted, state } = world()
    const dedupe = { key: 'order-7', windowMs: 600_000 }
    const [first, second, third] = [admitted({ dedupe }), admitted({ dedupe }), admitted({ dedupe: { ...dedupe, key: 'order-8' } })]
    await store.startAdmitted(first)
    expect(await store.startAdmitted(second)).toEqual({ type: 'existing', run: first.run })
    expect(await state(second.run)).toBe('unknown')
    expect(await store.startAdmitted(third)).toMatchObject({ type: 'started' })
    await world().terminate(first.run, 'x')
    expect(await store.startAdmitted(admitted({ dedupe }))).toEqual({ type: 'existing', run: first.run })
  })

  it('a start that says so uses the dedupe key of a run that ended without success', async () => {
    const { store, other, admitted, worker, claim, flush, finish } = world()
    const dedupe = { key: 'order-7', windowMs: 600_000 }
    const reusing = { ...dedupe, reuse: 'after_failure' } as const
    const first = admitted({ dedupe: reusing })
    await store.startAdmitted(first)
    expect(await store.startAdmitted(admitted({ dedupe: reusing }))).toEqual({ type: 'existing', run: first.run })
    await world().terminate(first.run, 'x')
    expect(await store.startAdmitted(admitted({ dedupe }))).toEqual({ type: 'existing', run: first.run })
    expect(await store.startAdmitted({ ...first, dedupe: reusing })).toEqual({ type: 'existing', run: first.run })
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => (index % 2 ? store : other).startAdmitted(admitted({ dedupe: reusing }))),
    )
    const [second] = outcomes.filter((outcome) => outcome.type === 'started')
    expect(new Set(outcomes.map((outcome) => outcome.run))).toEqual(new Set([second?.run]))
    const me = await worker()
    const [run = ''] = await claim(me)
    await flush(me, { finishes: [finish(run)] })
    expect(await store.startAdmitted(admitted({ dedupe: reusing }))).toEqual({ type: 'existing', run: second?.run })
  })

  it('starts another run for a dedupe key after its window', async () => {
    const { store, admitted, until } = world()
    const dedupe = { key: 'order-7', windowMs: 40 }
    const first = admitted({ dedupe })
    await store.startAdmitted(first)
    let second = admitted({ dedupe })
    await until(async () => {
      second = admitted({ dedupe })
      return (await store.startAdmitted(second)).type === 'started'
    })
    expect(await store.startAdmitted(admitted({ dedupe: { ...dedupe, windowMs: 600_000 } }))).toMatchObject({ run: expect.any(String) })
    expect(second.run).not.toBe(first.run)
  })

  it('keys of different workflows and orgs are independent', async () => {
    const { store, admitted, id } = world()
    const dedupe = { key: 'order-7', windowMs: 600_000 }
    await store.startAdmitted(admitted({ dedupe }))
    expect(await store.startAdmitted(admitted({ dedupe, org: id() }))).toMatchObject({ type: 'started' })
    expect(await store.startAdmitted(admitted({ dedupe, workflow: 'invoice' }))).toMatchObject({ type: 'started' })
  })

  it('concurrent starts with one dedupe key make one run', async () => {
    const { store, other, admitted } = world()
    const dedupe = { key: 'order-7', windowMs: 600_000 }
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, index) => (index % 2 ? store : other).startAdmitted(admitted({ dedupe }))),
    )
    expect(outcomes.filter((outcome) => outcome.type === 'started')).toHaveLength(1)
    expect(new Set(outcomes.map((outcome) => outcome.run)).size).toBe(1)
  })

  it('concurrent starts never exceed a limit', async () => {
    const { store, other, admitted } = world()
    const concurrency = [{ limit: 'x', max: 3, onFull: 'queue' }] as const
    const starts = Array.from({ length: 12 }, () => admitted({ concurrency }))
    const outcomes = await Promise.all(starts.map((start, index) => (index % 2 ? store : other).startAdmitted(start)))
    expect(outcomes.filter((outcome) => outcome.type === 'started' && outcome.state === 'ready')).toHaveLength(3)
    expect(await store.violations()).toEqual([])
  })

  it('a later start with a debounce key replaces the input of the pending run and delays it again', async () => {
    const { store, admitted, state, org, now } = world()
    const debounce = { key: 'doc-1', delayMs: 60_000, maxDelayMs: null }
    const [first, second] = [
      admitted({ debounce, input: '1' }),
      admitted({ debounce: { ...debounce, delayMs: 90_000 }, input: '2', tags: ['late'] }),
    ]
    expect(await store.startAdmitted(first)).toMatchObject({ type: 'started', state: 'waiting' })
    const before = (await store.live(org, first.run))?.at ?? 0
    expect(before).toBeGreaterThanOrEqual(now + 60_000)
    expect(await store.startAdmitted(second)).toEqual({ type: 'debounced', run: first.run })
    expect((await store.live(org, first.run))?.at ?? 0).toBeGreaterThanOrEqual(now + 90_000)
    expect(await store.run(org, first.run)).toMatchObject({ input: '2', tags: ['late'], createdAt: first.createdAt })
    expect(await state(second.run)).toBe('unknown')
  })

  it('delays a debounced run at most by its maxDelay', async () => {
    const { store, admitted, org, now } = world()
    const debounce = { key: 'doc-1', delayMs: 60_000, maxDelayMs: 70_000 }
    const first = admitted({ debounce })
    await store.startAdmitted(first)
    await store.startAdmitted(admitted({ debounce: { ...debounce, delayMs: 300_000, maxDelayMs: 400_000 } }))
    const at = (await store.live(org, first.run))?.at ?? 0
    expect(at - now).toBeGreaterThanOrEqual(70_000)
    expect(at - now).toBeLessThan(80_000)
  })

  it('starts another run for a debounce key once the pending one has begun', async () => {
    const { store, worker, claim, admitted, until } = world()
    const debounce = { key: 'doc-1', delayMs: 30, maxDelayMs: null }
    const first = admitted({ debounce, input: '1' })
    await store.startAdmitted(first)
    const me = await worker()
    await until(async () => (await claim(me)).includes(first.run))
    const second = admitted({ debounce, input: '2' })
    expect(await store.startAdmitted(second)).toMatchObject({ type: 'started', run: second.run })
    expect((await store.run(world().org, first.run))?.input).toBe('1')
  })

  it('a dedupe key whose start was debounced returns the pending run', async () => {
    const { store, admitted } = world()
    const debounce = { key: 'doc-1', delayMs: 60_000, maxDelayMs: null }
    const dedupe = { key: 'once', windowMs: 600_000 }
    const first = admitted({ debounce })
    await store.startAdmitted(first)
    expect(await store.startAdmitted(admitted({ debounce, dedupe }))).toEqual({ type: 'debounced', run: first.run })
    expect(await store.startAdmitted(admitted({ debounce, dedupe }))).toEqual({ type: 'existing', run: first.run })
  })

  it('ends a debounced run that is cancelled', async () => {
    const { store, admitted, cancellation, state } = world()
    const first = admitted({ debounce: { key: 'doc-1', delayMs: 60_000, maxDelayMs: null } })
    await store.startAdmitted(first)
    await store.deliver(cancellation(first.run))
    expect(await state(first.run)).toBe('cancelled')
  })

  it('writes events', async () => {
    const { store, org, now } = world()
    await store.emit([{ org, type: 'run.started', subject: 'x', data: '{}', at: now }])
    await store.emit([])
  })
}
