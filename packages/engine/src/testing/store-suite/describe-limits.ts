/** Goal: limits and rates admit as many runs as declared, in order, and hand over every freed place. Uses only the port. */
import { expect, it } from 'vitest'
import type { AdmittedStart, StartOutcome } from '../../store/store.ts'
import type { World } from './world.ts'

type OnFull = AdmittedStart['concurrency'][number]['onFull']

export function describeLimits(world: () => World): void {
  const limited = (max: number, onFull: OnFull = 'queue', change: Partial<AdmittedStart> = {}): AdmittedStart =>
    world().admitted({ concurrency: [{ limit: 'printer', max, onFull }], ...change })
  const begin = async (start: AdmittedStart): Promise<StartOutcome> => world().store.startAdmitted(start)
  const states = (starts: readonly AdmittedStart[]): Promise<string[]> => Promise.all(starts.map((start) => world().state(start.run)))
  const finishOne = async (start: AdmittedStart): Promise<readonly string[]> => {
    const { worker, claim, flush, finish } = world()
    const me = await worker()
    expect(await claim(me)).toContain(start.run)
    return (await flush(me, { finishes: [finish(start.run, { holds: true })] })).readied.map((each) => each.run)
  }

  it('admits as many runs as the limit allows and gates the others', async () => {
    const { store, org } = world()
    const starts = [limited(2), limited(2), limited(2)]
    const outcomes: StartOutcome[] = []
    for (const start of starts) outcomes.push(await begin(start))
    expect(outcomes.map((outcome) => outcome.type === 'started' && outcome.state)).toEqual(['ready', 'ready', 'gated'])
    expect(await store.live(org, starts[2]?.run ?? '')).toMatchObject({ state: 'gated', gate: 'printer' })
    expect(await store.violations()).toEqual([])
  })

  it('admits the next run when a holder ends, and reports it', async () => {
    const { store } = world()
    const [first, second] = [limited(1), limited(1)]
    await begin(first)
    await begin(second)
    expect(await finishOne(first)).toEqual([second.run])
    expect(await states([second])).toEqual(['ready'])
    expect(await store.violations()).toEqual([])
  })

  it('a claimed run says that it holds limits', async () => {
    const { store, worker, queue } = world()
    await begin(limited(1))
    const [claimed] = (await store.claim({ worker: await worker(), queues: [queue], orgs: null, limit: 1 })).runs
    expect(claimed?.holds).toBe(true)
  })

  it('admits gated runs by priority, then by age', async () => {
    const { store, org } = world()
    const holder = limited(1)
    const [first, second, low, high] = [
      limited(1),
      limited(1),
      limited(1, 'queue', { priority: 'low' }),
      limited(1, 'queue', { priority: 'high' }),
    ]
    for (const start of [holder, first, second, low, high]) await begin(start)
    const order: string[] = []
    for (let run = holder.run; order.length < 4; ) {
      await world().terminate(run, 'next')
      run = (await store.liveRuns(org, null, null, 10)).find((live) => live.state === 'ready')?.run ?? 'none'
      order.push(run)
    }
    expect(order).toEqual([high.run, first.run, second.run, low.run])
  })

  it('terminating a holder or a gated run admits the next run', async () => {
    const { store } = world()
    const [holder, gated, last] = [limited(1), limited(1), limited(1)]
    for (const start of [holder, gated, last]) await begin(start)
    await world().terminate(gated.run, 'not wanted')
    await world().terminate(holder.run, 'not wanted')
    expect(await states([holder, gated, last])).toEqual(['cancelled', 'cancelled', 'ready'])
    expect(await store.violations()).toEqual([])
  })

  it('a run holds its limit while it waits, is paused, or changes workers', async () => {
    const { store, worker, claim, flush, park } = world()
    const [holder, gated] = [limited(1), limited(1)]
    await begin(holder)
    await begin(gated)
    const me = await worker()
    await claim(me)
    await flush(me, { parks: [park(holder.run)] })
    await store.retire(me)
    expect(await states([holder, gated])).toEqual(['waiting', 'gated'])
  })

  it('limits of different names and orgs are independent', async () => {
    const { admitted, id } = world()
    const same = limited(1)
    const otherName = admitted({ concurrency: [{ limit: 'scanner', max: 1, onFull: 'queue' }] })
    const otherOrg = limited(1, 'queue', { org: id() })
    for (const start of [same, otherName, otherOrg]) expect(await begin(start)).toMatchObject({ type: 'started', state: 'ready' })
  })

  it('a run takes all its limits or none', async () => {
    const { store, admitted, org } = world()
    const a = { limit: 'a', max: 1, onFull: 'queue' } as const
    const b = { limit: 'b', max: 1, onFull: 'queue' } as const
    const [holdsB, wantsBoth, wantsA] = [admitted({ concurrency: [b] }), admitted({ concurrency: [a, b] }), admitted({ concurrency: [a] })]
    for (const start of [holdsB, wantsBoth, wantsA]) await begin(start)
    expect(await states([holdsB, wantsBoth, wantsA])).toEqual(['ready', 'gated', 'ready'])
    await world().terminate(holdsB.run, 'x')
    expect(await store.live(org, wantsBoth.run)).toMatchObject({ state: 'gated', gate: 'a' })
    await world().terminate(wantsA.run, 'x')
    expect(await states([wantsBoth])).toEqual(['ready'])
    expect(await store.violations()).toEqual([])
  })

  it('cancel_newest records the newest run as cancelled', async () => {
    const { store, org } = world()
    const [holder, newest] = [limited(1, 'cancel_newest'), limited(1, 'cancel_newest')]
    await begin(holder)
    expect(await begin(newest)).toEqual({ type: 'refused', run: newest.run })
    expect(await store.result(org, newest.run)).toMatchObject({ status: 'cancelled', error: { kind: 'cancelled' } })
    expect(await store.run(org, newest.run)).not.toBeNull()
    expect(await states([holder])).toEqual(['ready'])
    expect(await store.violations()).toEqual([])
  })

  it('cancel_in_progress asks the run in progress to stop, and the newest waits for its limit', async () => {
    const { store, worker, claim, org } = world()
    const [busy, newest] = [limited(1, 'cancel_in_progress'), limited(1, 'cancel_in_progress')]
    await begin(busy)
    const me = await worker()
    await claim(me)
    expect(await begin(newest)).toEqual({ type: 'started', run: newest.run, state: 'gated', cancelled: [busy.run] })
    expect((await store.inbox(org, busy.run))?.messages).toMatchObject([{ kind: 'cancel' }])
  })

  it('cancel_in_progress also ends runs that wait before the newest', async () => {
    const { store, worker, claim, org } = world()
    const [busy, gated, newest] = [limited(1, 'cancel_in_progress'), limited(1, 'cancel_in_progress'), limited(1, 'cancel_in_progress')]
    await begin(busy)
    await claim(await worker())
    await begin(gated)
    expect(await begin(newest)).toEqual({ type: 'started', run: newest.run, state: 'gated', cancelled: [busy.run, gated.run] })
    expect(await store.result(org, gated.run)).toMatchObject({ status: 'cancelled' })
    expect((await store.inbox(org, newest.run))?.messages).toEqual([])
  })

  it('cancel_in_progress stops only as many of the oldest runs as necessary', async () => {
    const starts = [limited(2, 'cancel_in_progress'), limited(2, 'cancel_in_progress'), limited(2, 'cancel_in_progress')]
    const [first, second, third] = starts as [AdmittedStart, AdmittedStart, AdmittedStart]
    await begin(first)
    await begin(second)
    // It had not begun, so its place is free at once.
    expect(await begin(third)).toMatchObject({ state: 'ready', cancelled: [first.run] })
    expect(await world().state(second.run)).toBe('ready')
  })

  it('admits more runs when an operator raises a limit, and returns to the declared size when that is cleared', async () => {
    const { store, org } = world()
    const starts = [limited(1), limited(1), limited(1)]
    for (const start of starts) await begin(start)
    await store.setLimit(org, 'printer', 2)
    expect((await states(starts)).sort()).toEqual(['gated', 'ready', 'ready'])
    await store.setLimit(org, 'printer', null)
    await world().terminate(starts[0]?.run ?? '', 'x')
    expect((await states(starts)).sort()).toEqual(['cancelled', 'gated', 'ready'])
    expect(await store.violations()).toEqual([])
  })

  it('lowering a limit displaces no holder and admits no run before there is room', async () => {
    const { store, org } = world()
    const starts = [limited(2), limited(2), limited(2)]
    for (const start of starts) await begin(start)
    await store.setLimit(org, 'printer', 1)
    expect(await store.violations()).toEqual([])
    await world().terminate(starts[0]?.run ?? '', 'x')
    expect((await states(starts)).slice(1)).toEqual(['ready', 'gated'])
    await world().terminate(starts[1]?.run ?? '', 'x')
    expect((await states(starts)).slice(2)).toEqual(['ready'])
  })

  it('a delayed start takes its limits only when its time comes', async () => {
    const { store, worker, claim, until, now, org } = world()
    const delayed = limited(1, 'queue', { at: now + 50 })
    await begin(delayed)
    expect((await store.live(org, delayed.run))?.at).toBe(now + 50)
    const holder = limited(1)
    expect(await begin(holder)).toMatchObject({ state: 'ready' })
    const me = await worker()
    await until(async () => {
      await claim(me)
      return (await store.live(org, delayed.run))?.at === null
    })
    expect(await states([delayed])).toEqual(['gated'])
    await store.retire(me)
    await world().terminate(holder.run, 'x')
    expect(await states([delayed])).toEqual(['ready'])
  })

  it('spaces the starts of a rate evenly over its period', async () => {
    const { store, admitted, org } = world()
    const rate = { limit: 'api', max: 2, periodMs: 600_000 }
    const starts = [admitted({ rate }), admitted({ rate }), admitted({ rate })]
    for (const start of starts) await begin(start)
    expect(await states(starts)).toEqual(['ready', 'waiting', 'waiting'])
    const [second, third] = [await store.live(org, starts[1]?.run ?? ''), await store.live(org, starts[2]?.run ?? '')]
    expect((third?.at ?? 0) - (second?.at ?? 0)).toBeCloseTo(300_000, -1)
    expect((second?.at ?? 0) - world().now).toBeGreaterThanOrEqual(299_999)
  })

  it('rates of different names and orgs are independent', async () => {
    const { admitted, id } = world()
    const rate = { limit: 'api', max: 1, periodMs: 600_000 }
    const starts = [admitted({ rate }), admitted({ rate: { ...rate, limit: 'mail' } }), admitted({ rate, org: id() })]
    for (const start of starts) expect(await begin(start)).toMatchObject({ state: 'ready' })
  })

  it('a rate-limited start begins at its reserved time', async () => {
    const { worker, claim, until, admitted } = world()
    const rate = { limit: 'api', max: 1, periodMs: 2000 }
    const starts = [admitted({ rate }), admitted({ rate })]
    for (const start of starts) await begin(start)
    const me = await worker()
    expect(await claim(me, 1)).toEqual([starts[0]?.run])
    await until(async () => (await claim(me)).includes(starts[1]?.run ?? ''))
  })
}
