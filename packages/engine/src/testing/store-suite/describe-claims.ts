/** Goal: a claim hands each run to one worker, fairly over orgs and by rank. Uses only the port, with several workers at once. */
import { expect, it } from 'vitest'
import { DUE_LOOK_MAX } from '../../store/store.ts'
import { Fenced } from '../../store/store-errors.ts'
import type { World } from './world.ts'

export function describeClaims(world: () => World): void {
  it('hands a ready run to only one worker, with its row', async () => {
    const { store, worker, ready, claim, queue, org } = world()
    const [me, you] = [await worker(), await worker()]
    const run = await ready({ tags: ['x'] })
    const [claimed] = (await store.claim({ worker: me, queues: [queue], orgs: null, limit: 10 })).runs
    expect(claimed).toMatchObject({
      ...(await store.run(org, run)),
      wakes: 0,
      nextSeq: 1,
      base: 0,
      crashes: 0,
      holds: false,
      pauseRequested: false,
    })
    expect(await store.live(org, run)).toMatchObject({ state: 'running', worker: me })
    expect(await claim(you)).toEqual([])
  })

  it('takes at most the requested number, oldest first', async () => {
    const { worker, ready, claim } = world()
    const me = await worker()
    const runs = [await ready(), await ready(), await ready()]
    expect(await claim(me, 2)).toEqual(runs.slice(0, 2))
    expect(await claim(me, 2)).toEqual(runs.slice(2))
  })

  it('keeps the order of the starts of one batch', async () => {
    const { worker, flush, start, claim } = world()
    const me = await worker()
    const starts = [start(), start(), start(), start()]
    await flush(null, { starts })
    expect(await claim(me)).toEqual(starts.map((begun) => begun.run))
  })

  it('takes only runs of the named queues and orgs', async () => {
    const { store, worker, ready, queue, org, id } = world()
    const me = await worker()
    const stranger = id()
    const mine = await ready()
    await ready({ queue: `${queue}-other` })
    const theirs = await ready({ org: stranger })
    const take = async (orgs: readonly string[] | null): Promise<string[]> =>
      (await store.claim({ worker: me, queues: [queue], orgs, limit: 10 })).runs.map((claimed) => claimed.run)
    expect(await take([org])).toEqual([mine])
    expect(await take([])).toEqual([])
    expect(await take(null)).toEqual([theirs])
  })

  it('throws Fenced for a fenced worker', async () => {
    const { store, worker, ready, claim, state } = world()
    const me = await worker()
    const run = await ready()
    await store.retire(me)
    await expect(claim(me)).rejects.toThrow(Fenced)
    expect(await state(run)).toBe('ready')
  })

  it('serves orgs in turn even if one has many more runs', async () => {
    const { worker, flush, start, claim, id } = world()
    const me = await worker()
    const [flood, b, c] = [id(), id(), id()]
    const many = Array.from({ length: 20 }, () => start({ org: flood }))
    const few = [start({ org: b }), start({ org: c }), start({ org: b })]
    await flush(null, { starts: many })
    await flush(null, { starts: few })
    const taken = await claim(me, 5)
    expect(few.every((begun) => taken.includes(begun.run))).toBe(true)
  })

  it('serves orgs in turn when it takes one run at a time', async () => {
    const { worker, flush, start, claim, id } = world()
    const me = await worker()
    const [flood, modest] = [id(), id()]
    await flush(null, { starts: Array.from({ length: 10 }, () => start({ org: flood })) })
    const late = start({ org: modest })
    await flush(null, { starts: [late] })
    const taken = [...(await claim(me, 1)), ...(await claim(me, 1)), ...(await claim(me, 1))]
    expect(taken).toContain(late.run)
  })

  it('takes urgent runs before high, normal and low ones', async () => {
    const { worker, ready, claim } = world()
    const me = await worker()
    const low = await ready({ priority: 'low' })
    const normal = await ready()
    const urgent = await ready({ priority: 'urgent' })
    const high = await ready({ priority: 'high' })
    expect(await claim(me)).toEqual([urgent, high, normal, low])
  })

  it('a run that has waited long enough passes a more urgent one, because priority is a head start in time', async () => {
    const { worker, ready, claim, now } = world()
    const me = await worker()
    // A delayed start ranks by its due time: 15 minutes ago is ahead of high (10 minutes), 45 minutes ago is not ahead of urgent (an hour).
    const high = await ready({ priority: 'high' })
    const urgent = await ready({ priority: 'urgent' })
    const quarter = await ready({ at: now - 15 * 60_000 })
    const long = await ready({ at: now - 45 * 60_000, priority: 'low' })
    expect(await claim(me)).toEqual([urgent, long, quarter, high])
  })

  it('takes the best ranks of a backlog larger than the claim, even if those runs were started last', async () => {
    const { worker, ready, claim, flush, start, now } = world()
    const me = await worker()
    await flush(null, { starts: Array.from({ length: 20 }, () => start()) })
    const high = await ready({ priority: 'high' })
    const urgent = await ready({ priority: 'urgent' })
    // Ready for 45 minutes: it has aged past high runs, but not past urgent ones.
    const aged = await ready({ at: now - 45 * 60_000, priority: 'low' })
    expect(await claim(me, 2)).toEqual([urgent, aged])
    expect(await claim(me, 1)).toEqual([high])
  })

  it('takes the best rank of each org in turn when every org has a backlog larger than the claim', async () => {
    const { worker, flush, start, claim, id } = world()
    const me = await worker()
    const orgs = [id(), id(), id()]
    for (const org of orgs) await flush(null, { starts: Array.from({ length: 10 }, () => start({ org })) })
    const best = orgs.map((org) => start({ org, priority: 'urgent' }))
    const second = orgs.map((org) => start({ org, priority: 'high' }))
    await flush(null, { starts: [...second, ...best] })
    expect((await claim(me, 3)).sort()).toEqual(best.map(({ run }) => run))
    // One more than there are orgs: with two candidates per org, the second ones come last.
    const next = await claim(me, 4)
    expect(second.filter(({ run }) => !next.includes(run))).toEqual([])
  })

  it('takes the runs that became due first when more are due than requested', async () => {
    const { worker, ready, claim, now } = world()
    const me = await worker()
    const due: string[] = []
    for (const seconds of [10, 40, 20, 50, 30]) due.push(await ready({ state: 'waiting', at: now - seconds * 1000 }))
    expect((await claim(me, 2)).sort()).toEqual([due[1], due[3]])
    expect(await claim(me, 1)).toEqual([due[4]])
  })

  it('serves orgs in turn even if one has many runs that are due', async () => {
    const { store, worker, flush, start, claim, id, now } = world()
    const me = await worker()
    const [flood, b, c] = [id(), id(), id()]
    const due = (org: string, seconds: number) => start({ org, state: 'waiting', at: now - seconds * 1000 })
    const many = Array.from({ length: 20 }, (_, index) => due(flood, 100 - index))
    const others = [start({ org: b }), due(c, 10), start({ org: b }), due(c, 5)]
    await flush(null, { starts: [...many, ...others] })
    const orgOf = new Map([...many, ...others].map(({ run, org }) => [run, org]))
    const first = await claim(me, 3)
    expect(new Set(first.map((run) => orgOf.get(run)))).toEqual(new Set([flood, b, c]))
    // What was due and not taken is ready, and ranks by the time when it was due.
    for (const { org, run } of many.filter((each) => !first.includes(each.run))) {
      expect(await store.live(org, run)).toMatchObject({ state: 'ready', at: null, worker: null, waits: [] })
    }
    const second = await claim(me, 3)
    expect(new Set(second.map((run) => orgOf.get(run)))).toEqual(new Set([flood, b, c]))
    const rest = await claim(me, 100)
    expect([...first, ...second].filter((run) => orgOf.get(run) === flood)).toEqual(many.slice(0, 2).map(({ run }) => run))
    expect(rest).toEqual(many.slice(2).map(({ run }) => run))
  })

  it('finds the due run of an org behind more due runs of another than a claim looks at', async () => {
    const { worker, flush, start, claim, id, now } = world()
    const me = await worker()
    const flood = id()
    const starts = Array.from({ length: DUE_LOOK_MAX + 5 }, () => start({ org: flood, state: 'waiting', at: now - 60_000 }))
    const late = start({ org: id(), state: 'waiting', at: now - 1000 })
    await flush(null, { starts: [...starts, late] })
    expect(await claim(me, 2)).not.toContain(late.run)
    expect(await claim(me, 2)).toContain(late.run)
  })

  it('takes due and ready runs of an org in the order in which they became ready, less the bonus of their priority', async () => {
    const { worker, ready, claim, now } = world()
    const me = await worker()
    const due = await ready({ state: 'waiting', at: now - 20_000 })
    const older = await ready({ at: now - 30_000 })
    const younger = await ready({ at: now - 10_000 })
    const urgent = await ready({ state: 'waiting', at: now - 1000, priority: 'urgent' })
    expect([await claim(me, 1), await claim(me, 1), await claim(me, 1), await claim(me, 1)]).toEqual([[urgent], [older], [due], [younger]])
  })

  it('names the queue in which it left due runs ready, so that another worker hears of them', async () => {
    const { store, worker, ready, queue, org, id, now } = world()
    const me = await worker()
    const take = (orgs: readonly string[] | null, limit: number) => store.claim({ worker: me, queues: [queue], orgs, limit })
    await ready({ state: 'waiting', at: now - 2000 })
    expect((await take(null, 1)).readied).toEqual([])
    const theirs = await ready({ state: 'waiting', at: now - 3000, org: id() })
    expect(await take([org], 10)).toEqual({ runs: [], readied: [queue] })
    expect(await take([org], 10)).toEqual({ runs: [], readied: [] })
    const { runs } = await take(null, 10)
    expect(runs.map(({ run }) => run)).toEqual([theirs])
    for (const seconds of [5, 4]) await ready({ state: 'waiting', at: now - seconds * 1000 })
    expect((await take(null, 1)).readied).toEqual([queue])
    expect((await take(null, 1)).readied).toEqual([])
  })

  it('takes a waiting run when it is due', async () => {
    const { worker, ready, claim, until, now } = world()
    const me = await worker()
    const late = await ready({ state: 'waiting', at: now + 600_000 })
    const soon = await ready({ state: 'waiting', at: now + 30 })
    const other = await ready()
    const taken: string[] = []
    await until(async () => {
      taken.push(...(await claim(me)))
      return taken.includes(soon)
    })
    expect(taken).toContain(other)
    expect(taken).not.toContain(late)
  })

  it('takes no runs of a paused queue until the queue is resumed', async () => {
    const { store, worker, ready, claim, org, queue } = world()
    const me = await worker()
    await store.setQueuePaused(org, queue, true)
    const run = await ready()
    expect(await claim(me)).toEqual([])
    await store.setQueuePaused(org, queue, false)
    expect(await claim(me)).toEqual([run])
  })

  it('a start that its worker would run at once waits while its queue is paused', async () => {
    const { store, worker, start, flush, claim, org, queue, id } = world()
    const me = await worker()
    await store.setQueuePaused(org, queue, true)
    const [held, theirs] = [start({ state: 'running' }), start({ state: 'running', org: id() })]
    expect(await flush(me, { starts: [held, theirs] })).toMatchObject({ held: [held.run] })
    expect(await store.live(org, held.run)).toMatchObject({ state: 'ready', worker: null })
    expect(await store.live(theirs.org, theirs.run)).toMatchObject({ state: 'running', worker: me })
    await store.setQueuePaused(org, queue, false)
    expect(await claim(me)).toEqual([held.run])
  })

  it('pauses a queue for one org only', async () => {
    const { store, worker, ready, claim, org, queue, id } = world()
    const me = await worker()
    await store.setQueuePaused(org, queue, true)
    await ready()
    const theirs = await ready({ org: id() })
    expect(await claim(me)).toEqual([theirs])
  })

  it('several workers that claim at once never get the same run', async () => {
    const { store, other, worker, flush, start, queue } = world()
    const workers = [await worker(), await worker(), await worker(), await worker()]
    const starts = Array.from({ length: 40 }, () => start())
    await flush(null, { starts })
    const claims = workers.map((me, index) => (index % 2 ? store : other).claim({ worker: me, queues: [queue], orgs: null, limit: 15 }))
    const taken = (await Promise.all(claims)).flatMap(({ runs }) => runs).map((claimed) => claimed.run)
    expect(new Set(taken).size).toBe(taken.length)
    const { runs: rest } = await store.claim({ worker: workers[0] ?? '', queues: [queue], orgs: null, limit: 100 })
    expect(taken.length + rest.length).toBe(40)
  })

  it('a claimed run carries its count of pokes and its request to pause', async () => {
    const { store, worker, running, message, queue, org } = world()
    const [gone, me] = [await worker(), await worker()]
    const run = await running(gone)
    await store.deliver(message(run))
    await store.setPause(org, run, true)
    await store.retire(gone)
    const [claimed] = (await store.claim({ worker: me, queues: [queue], orgs: null, limit: 1 })).runs
    const inbox = await store.inbox(org, run)
    expect(claimed).toMatchObject({ run, pauseRequested: true, wakes: inbox?.wakes })
    expect(claimed?.wakes).toBeGreaterThan(0)
  })
}
