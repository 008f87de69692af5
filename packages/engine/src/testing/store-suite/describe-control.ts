/** Goal: terminate, pause, unblock, fork, listing and bundles behave as store.ts says. Uses only the port. */
import { expect, it } from 'vitest'
import type { JournalRow } from '../../store/store.ts'
import type { World } from './world.ts'

export function describeControl(world: () => World): void {
  it('terminates a run in any state that no worker holds', async () => {
    const { store, worker, running, ready, flush, park, org, now } = world()
    const me = await worker()
    const [waiting, paused, blocked] = [await running(me), await running(me), await running(me)]
    const parks = [park(waiting), park(paused, { state: 'paused', waits: [] }), park(blocked, { state: 'blocked', waits: [], reason: 'x' })]
    await flush(me, { parks })
    const runs = [waiting, paused, blocked, await ready(), await ready({ state: 'waiting', at: now + 60_000 })]
    for (const run of runs) {
      expect(await world().terminate(run, 'no longer wanted')).toMatchObject({ type: 'delivered', worker: null })
      const error = { name: 'CancelledError', kind: 'cancelled', message: 'the run was cancelled: no longer wanted' }
      expect(await store.result(org, run)).toMatchObject({ status: 'cancelled', output: null, error })
      expect(await store.live(org, run)).toBeNull()
    }
    expect(await store.violations()).toEqual([])
  })

  it('asks the worker that holds a run to terminate it, and leaves one that is not live', async () => {
    const { store, worker, running, flush, finish, state, terminate, org, id } = world()
    const me = await worker()
    const run = await running(me)
    expect(await terminate(run)).toMatchObject({ type: 'delivered', worker: me })
    expect(await state(run)).toBe('running')
    expect((await store.inbox(org, run))?.messages).toMatchObject([{ kind: 'terminate', reason: 'stop' }])
    await flush(me, { finishes: [finish(run)] })
    expect(await terminate(run)).toEqual({ type: 'finished' })
    expect(await terminate(id())).toEqual({ type: 'unknown' })
    expect(await state(run)).toBe('succeeded')
  })

  it('sends the parent of a terminated run the same message as the child itself would', async () => {
    const { store, worker, running, ready, flush, park, org } = world()
    const me = await worker()
    const parent = await running(me)
    const child = await ready({ parent: { run: parent, cmd: 4, close: 'cancel' } })
    await flush(me, { parks: [park(parent, { waits: [{ type: 'child', run: child, workflow: 'order' }] })] })
    await world().terminate(child, 'stop')
    expect((await store.inbox(org, parent))?.messages).toMatchObject([
      { kind: 'child', cmd: 4, child, output: null, error: { kind: 'cancelled' } },
    ])
    expect((await store.live(org, parent))?.state).toBe('ready')
  })

  it('asks the worker of a running run to pause it', async () => {
    const { store, worker, running, flush, park, queue, org } = world()
    const me = await worker()
    const run = await running(me)
    expect(await store.setPause(org, run, true)).toEqual({ type: 'delivered', worker: me, queue })
    const inbox = await store.inbox(org, run)
    expect(inbox?.pauseRequested).toBe(true)
    await flush(me, { parks: [park(run, { state: 'paused', wakes: inbox?.wakes ?? -1, waits: [] })] })
    expect(await store.live(org, run)).toMatchObject({ state: 'paused', pauseRequested: true, worker: null })
  })

  it('pauses a run without a worker at once', async () => {
    const { store, worker, running, ready, flush, park, claim, queue, org } = world()
    const me = await worker()
    const [fresh, parked] = [await ready(), await running(me)]
    await flush(me, { parks: [park(parked, { at: world().now + 60_000 })] })
    for (const run of [fresh, parked]) {
      expect(await store.setPause(org, run, true)).toEqual({ type: 'delivered', worker: null, queue })
      expect(await store.live(org, run)).toMatchObject({ state: 'paused', pauseRequested: true, at: null, waits: [] })
    }
    expect(await claim(me)).toEqual([])
  })

  it('keeps the request to pause a gated or blocked run', async () => {
    const { store, worker, running, admitted, flush, park, org } = world()
    const me = await worker()
    const concurrency = [{ limit: 'x', max: 1, onFull: 'queue' }] as const
    const [blocked, holder, gated] = [await running(me), admitted({ concurrency }), admitted({ concurrency })]
    await flush(me, { parks: [park(blocked, { state: 'blocked', waits: [], reason: 'x' })] })
    await store.startAdmitted(holder)
    await store.startAdmitted(gated)
    await store.setPause(org, blocked, true)
    await store.setPause(org, gated.run, true)
    expect(await store.live(org, blocked)).toMatchObject({ state: 'blocked', pauseRequested: true })
    expect(await store.live(org, gated.run)).toMatchObject({ state: 'gated', pauseRequested: true })
  })

  it('makes a paused run ready when the request is cleared', async () => {
    const { store, worker, running, flush, park, claim, org } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { parks: [park(run, { state: 'paused', waits: [] })] })
    expect(await claim(me)).toEqual([])
    await store.setPause(org, run, false)
    expect(await store.live(org, run)).toMatchObject({ state: 'ready', pauseRequested: false })
    expect(await claim(me)).toEqual([run])
  })

  it('a delayed run keeps its time when it is paused and resumed', async () => {
    const { store, ready, org, now } = world()
    const at = now + 600_000
    const run = await ready({ state: 'waiting', at })
    await store.setPause(org, run, true)
    expect(await store.live(org, run)).toMatchObject({ state: 'paused', at })
    await store.setPause(org, run, false)
    expect(await store.live(org, run)).toMatchObject({ state: 'waiting', at, pauseRequested: false })
  })

  it('pausing an ended or unknown run reports which of the two it is', async () => {
    const { store, worker, running, flush, finish, org, id } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { finishes: [finish(run)] })
    expect(await store.setPause(org, run, true)).toEqual({ type: 'finished' })
    expect(await store.setPause(org, id(), true)).toEqual({ type: 'unknown' })
  })

  it('unblocks only a blocked run', async () => {
    const { store, worker, running, flush, park, org, id } = world()
    const me = await worker()
    const [run, healthy] = [await running(me), await running(me)]
    await flush(me, { parks: [park(run, { state: 'blocked', waits: [], reason: 'no such step', nextSeq: 1 })] })
    expect(await store.unblock(org, healthy, null)).toBe(false)
    expect(await store.unblock(org, id(), null)).toBe(false)
    expect(await store.unblock(org, run, null)).toBe(true)
    expect(await store.live(org, run)).toMatchObject({ state: 'ready', crashes: 0, reason: null, bundle: 'bundle-1', nextSeq: 1 })
    expect(await store.unblock(org, run, null)).toBe(false)
  })

  it('moves a blocked run to another version and journals the move', async () => {
    const { store, worker, running, flush, park, journal, queue, org } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { journal: [journal(run, 1)], parks: [park(run, { state: 'blocked', waits: [], reason: 'x', nextSeq: 2 })] })
    expect(await store.unblock(org, run, 'bundle-2')).toBe(true)
    expect(await store.history(org, run, 2)).toMatchObject([{ seq: 2, kind: 'version', cmd: 0, name: 'bundle-2' }])
    const [claimed] = (await store.claim({ worker: me, queues: [queue], orgs: null, limit: 1 })).runs
    expect(claimed).toMatchObject({ run, bundle: 'bundle-2', nextSeq: 3 })
    expect((await store.live(org, run))?.bundle).toBe('bundle-2')
  })

  it('moves a paused run to another version and continues it; a delayed one keeps its time', async () => {
    const { store, worker, running, ready, flush, park, org, now } = world()
    const me = await worker()
    const [paused, delayed] = [await running(me), await ready({ state: 'waiting', at: now + 600_000 })]
    await flush(me, { parks: [park(paused, { state: 'paused', waits: [] })] })
    await store.setPause(org, paused, true)
    await store.setPause(org, delayed, true)
    expect(await store.unblock(org, paused, null)).toBe(false)
    for (const run of [paused, delayed]) expect(await store.unblock(org, run, 'bundle-2')).toBe(true)
    expect(await store.live(org, paused)).toMatchObject({ state: 'ready', bundle: 'bundle-2', pauseRequested: false, nextSeq: 2 })
    expect(await store.live(org, delayed)).toMatchObject({ state: 'waiting', bundle: 'bundle-2', pauseRequested: false, at: now + 600_000 })
  })

  it('does not move a run that is neither paused nor blocked to another version', async () => {
    const { store, worker, running, ready, org } = world()
    for (const run of [await running(await worker()), await ready()]) expect(await store.unblock(org, run, 'bundle-2')).toBe(false)
  })

  it('a fork copies the journal below a row and leaves its source unchanged', async () => {
    const { store, worker, running, flush, journal, row, finish, org } = world()
    const me = await worker()
    const source = await running(me)
    const rows = [1, 2, 3, 4].map((seq) => journal(source, seq, { cmd: seq, output: `${seq}` }))
    await flush(me, { journal: rows })
    await flush(me, { finishes: [finish(source)] })
    const target = row({ origin: { kind: 'fork', run: source, seq: 4 } })
    await store.fork({ org, run: source, beforeSeq: 4 }, target, new Map())
    expect(await store.history(org, target.run, 0)).toEqual(rows.slice(0, 3).map((copied) => ({ ...copied, run: target.run })))
    expect(await store.live(org, target.run)).toMatchObject({ state: 'ready', nextSeq: 4, base: 0 })
    expect(await store.run(org, target.run)).toEqual(target)
    expect(await store.history(org, source, 0)).toEqual(rows)
  })

  it('a fork replaces the outcomes of edited steps and no others', async () => {
    const { store, worker, running, flush, journal, row, org } = world()
    const me = await worker()
    const source = await running(me)
    const error = { name: 'Error', message: 'declined', kind: 'error' } as const
    const failed = journal(source, 3, { cmd: 2, output: null, error })
    const rows: JournalRow[] = [journal(source, 1), journal(source, 2, { kind: 'attempt', cmd: 2, output: null, error }), failed]
    await flush(me, { journal: rows })
    const target = row()
    await store.fork(
      { org, run: source, beforeSeq: 4 },
      target,
      new Map([
        [2, { output: '"paid by hand"' }],
        [9, { output: '0' }],
      ]),
    )
    const copy = await store.history(org, target.run, 0)
    expect(copy.map((each) => [each.output, each.error])).toEqual([
      ['2', null],
      [null, error],
      ['"paid by hand"', null],
    ])
  })

  it.each([
    ['NUL', '"\\u0000"'],
    ['half of a surrogate pair', '{"half":"\\ud800"}'],
    ['space', '{ "a" : 1.0 }'],
    ['nothing', 'null'],
    ['what looks like a blob', '{"$blob":"x"}'],
    ['a blob', JSON.stringify('ü'.repeat(50_000))],
  ])('stores the outcome of an edited step in the form in which it was written: %s', async (_, output) => {
    const { store, worker, running, flush, journal, row, org } = world()
    const me = await worker()
    const source = await running(me)
    await flush(me, { journal: [journal(source, 1)] })
    const target = row()
    await store.fork({ org, run: source, beforeSeq: 2 }, target, new Map([[1, { output }]]))
    expect((await store.history(org, target.run, 0)).map((each) => each.output)).toEqual([output])
  })

  it('forking a later generation copies all rows before it with their numbers, and edits only that generation', async () => {
    const { store, worker, running, flush, journal, row, org } = world()
    const me = await worker()
    const source = await running(me)
    const generation = journal(source, 3, { kind: 'generation', cmd: 0, name: '1', input: null, output: '{"n":2}' })
    const rows = [journal(source, 1), journal(source, 2, { cmd: 2 }), generation, journal(source, 4), journal(source, 5, { cmd: 2 })]
    await flush(me, { journal: rows })
    const target = row()
    await store.fork({ org, run: source, beforeSeq: 5 }, target, new Map([[1, { output: '"edited"' }]]))
    const copy = await store.history(org, target.run, 0)
    expect(copy.map((each) => [each.seq, each.kind, each.output])).toEqual([
      [1, 'step', '2'],
      [2, 'step', '2'],
      [3, 'generation', '{"n":2}'],
      [4, 'step', '"edited"'],
    ])
    expect(await store.live(org, target.run)).toMatchObject({ nextSeq: 5, base: 3 })
  })

  it('pins a fork to the given version even if its source had several', async () => {
    const { store, worker, running, flush, journal, row, org } = world()
    const me = await worker()
    const source = await running(me)
    await flush(me, { journal: [journal(source, 1, { kind: 'version', cmd: 0, name: 'bundle-2' }), journal(source, 2)] })
    const target = row({ bundle: 'bundle-3' })
    await store.fork({ org, run: source, beforeSeq: 3 }, target, new Map())
    expect((await store.history(org, target.run, 0)).map((each) => each.name)).toEqual(['bundle-3', 'charge'])
    expect((await store.live(org, target.run))?.bundle).toBe('bundle-3')
  })

  it('repeating a fork makes no second run', async () => {
    const { store, worker, running, flush, journal, row, org } = world()
    const me = await worker()
    const source = await running(me)
    await flush(me, { journal: [journal(source, 1)] })
    const target = row()
    await store.fork({ org, run: source, beforeSeq: 2 }, target, new Map())
    await store.fork({ org, run: source, beforeSeq: 2 }, target, new Map())
    expect(await store.history(org, target.run, 0)).toHaveLength(1)
  })

  it('lists live runs of a workflow by id, a page at a time', async () => {
    const { store, ready, worker, running, flush, finish, org } = world()
    const me = await worker()
    const runs = [await ready(), await ready({ workflow: 'other' }), await ready(), await ready()]
    const ended = await running(me)
    await flush(me, { finishes: [finish(ended)] })
    const page = async (workflow: string | null, after: string | null, limit: number): Promise<string[]> =>
      (await store.liveRuns(org, workflow, after, limit)).map((live) => live.run)
    expect(await page(null, null, 10)).toEqual(runs)
    expect(await page('order', null, 2)).toEqual([runs[0], runs[2]])
    expect(await page('order', runs[2] ?? '', 2)).toEqual([runs[3]])
  })

  it('keeps bundles by hash and the default of each workflow', async () => {
    const { store, org, id } = world()
    expect(await store.bundle(org, 'h1')).toBeNull()
    await store.saveBundle(org, 'h1', 'code', '{"protocol":1}')
    await store.saveBundle(org, 'h1', 'code', '{"protocol":1}')
    const stored = { code: 'code', manifest: '{"protocol":1}' }
    expect(await store.bundle(org, 'h1')).toEqual({ ...stored, map: null })
    for (const map of ['one', 'two']) await store.saveBundle(org, 'h1', 'code', '{"protocol":1}', map)
    await store.saveBundle(org, 'h1', 'other', '{"protocol":2}')
    expect(await store.bundle(org, 'h1')).toEqual({ ...stored, map: 'two' })
    expect(await store.bundle(id(), 'h1')).toBeNull()
    expect(await store.defaultBundle(org, 'order')).toBeNull()
    await store.setDefault(org, 'order', 'h1')
    await store.setDefault(org, 'order', 'h2')
    expect(await store.defaultBundle(org, 'order')).toBe('h2')
  })
}
