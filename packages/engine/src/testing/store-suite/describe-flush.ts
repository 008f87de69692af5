/** Goal: a flush writes all of its batch or nothing, and nothing for a fenced worker. Uses only the port. */
import { expect, it } from 'vitest'
import { Fenced, Refused } from '../../store/store-errors.ts'
import type { World } from './world.ts'

export function describeFlush(world: () => World): void {
  it('stores a start with all of its fields', async () => {
    const { store, flush, start, org, now, id } = world()
    const parent = { run: id(), cmd: 3, close: 'cancel' } as const
    const origin = { kind: 'fork', run: id(), seq: 7 } as const
    const begun = start({
      tags: ['a,b', '"c"'],
      parent,
      origin,
      seed: 's',
      keys: 'k',
      clockAt: now - 5,
      deadline: now + 9,
      priority: 'high',
    })
    await flush(null, { starts: [begun] })
    const { state, at, ...row } = begun
    expect(await store.run(org, begun.run)).toEqual(row)
    expect(await store.live(org, begun.run)).toMatchObject({ state, at, worker: null, nextSeq: 1, base: 0, crashes: 0, priority: 'high' })
  })

  it('the flushing worker holds a run that starts in state running', async () => {
    const { store, worker, running, org } = world()
    const me = await worker()
    const run = await running(me)
    expect(await store.live(org, run)).toMatchObject({ state: 'running', worker: me })
  })

  it('a repeated start leaves the run unchanged', async () => {
    const { store, flush, start, org } = world()
    const first = start()
    await flush(null, { starts: [first] })
    await flush(null, { starts: [{ ...first, input: '"other"', state: 'waiting', at: first.createdAt + 1000 }] })
    expect(await store.live(org, first.run)).toMatchObject({ state: 'ready', at: null })
    expect((await store.run(org, first.run))?.input).toBe(first.input)
  })

  it('writes the rest of a batch with a repeated start', async () => {
    const { flush, start, state } = world()
    const [first, second] = [start(), start()]
    await flush(null, { starts: [first] })
    await flush(null, { starts: [first, second] })
    expect([await state(first.run), await state(second.run)]).toEqual(['ready', 'ready'])
  })

  it('a repeated start does not take the run from another worker', async () => {
    const { store, worker, flush, start, org } = world()
    const [mine, yours] = [await worker(), await worker()]
    const begun = start({ state: 'running' })
    await flush(mine, { starts: [begun] })
    await flush(yours, { starts: [begun] })
    expect(await store.live(org, begun.run)).toMatchObject({ state: 'running', worker: mine })
  })

  it('a repeated start does not revive a finished run', async () => {
    const { worker, flush, start, finish, state } = world()
    const me = await worker()
    const begun = start({ state: 'running' })
    await flush(me, { starts: [begun] })
    await flush(me, { finishes: [finish(begun.run)] })
    await flush(me, { starts: [begun] })
    expect(await state(begun.run)).toBe('succeeded')
  })

  it('returns journal rows in order and complete', async () => {
    const { store, worker, running, flush, journal, org } = world()
    const me = await worker()
    const run = await running(me)
    const failure = { name: 'Error', message: 'no "money" \u0000', kind: 'error', details: { left: 3 } } as const
    const rows = [
      journal(run, 1, { output: '{"big":9007199254740993,"nul":"\\u0000"}' }),
      journal(run, 2, { kind: 'sleep', cmd: 2, name: '', input: null, output: 'null' }),
      journal(run, 3, { cmd: 3, output: null, error: { ...failure, message: 'no "money"' }, attempt: 4 }),
    ]
    await flush(me, { journal: rows.slice(0, 2) })
    await flush(me, { journal: rows.slice(2) })
    expect(await store.history(org, run, 0)).toEqual(rows)
    expect(await store.history(org, run, 3)).toEqual(rows.slice(2))
  })

  it('returns payloads of any size as the same text', async () => {
    const { store, worker, running, flush, journal, finish, org } = world()
    const me = await worker()
    const big = JSON.stringify('ä'.repeat(70_000))
    const sly = '{"$blob":"not one","bytes":1}'
    const run = await running(me, { input: big })
    await flush(me, { journal: [journal(run, 1, { input: sly, output: big })] })
    await flush(me, { finishes: [finish(run, { output: big })] })
    expect((await store.run(org, run))?.input).toBe(big)
    expect(await store.history(org, run, 0)).toMatchObject([{ input: sly, output: big }])
    expect((await store.result(org, run))?.output).toBe(big)
  })

  it('ends a run with its result and removes it from the live runs', async () => {
    const { store, worker, running, flush, finish, org } = world()
    const me = await worker()
    const run = await running(me)
    const error = { name: 'Error', message: 'it broke', kind: 'error' } as const
    await flush(me, { finishes: [finish(run, { status: 'failed', output: null, error })] })
    expect(await store.live(org, run)).toBeNull()
    expect(await store.result(org, run)).toMatchObject({ org, run, status: 'failed', output: null, error })
  })

  it('rejects a second journal row with the same number and writes nothing of the batch', async () => {
    const { store, worker, running, flush, journal, start, state, org } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { journal: [journal(run, 1)] })
    const begun = start()
    await expect(flush(me, { starts: [begun], journal: [journal(run, 2), journal(run, 1)] })).rejects.toThrow(Refused)
    expect(await store.history(org, run, 0)).toHaveLength(1)
    expect(await state(begun.run)).toBe('unknown')
  })

  it('rejects text that it cannot store and writes nothing of the batch', async () => {
    const { worker, running, flush, journal, start, state } = world()
    const me = await worker()
    const run = await running(me)
    const begun = start()
    await expect(flush(me, { starts: [begun], journal: [journal(run, 1, { name: 'a\u0000b' })] })).rejects.toThrow(Refused)
    expect(await state(begun.run)).toBe('unknown')
  })

  it('a rejected batch does not fence the worker', async () => {
    const { worker, running, flush, journal, store, org } = world()
    const me = await worker()
    const run = await running(me)
    await expect(flush(me, { journal: [journal(run, 1, { name: '\u0000' })] })).rejects.toThrow(Refused)
    await flush(me, { journal: [journal(run, 1)] })
    expect(await store.history(org, run, 0)).toHaveLength(1)
  })

  it('writes nothing for a fenced worker: no start, row, result, message or event', async () => {
    const { store, worker, running, ready, flush, journal, finish, message, start, state, org } = world()
    const me = await worker()
    const [mine, other] = [await running(me), await ready()]
    await store.retire(me)
    const begun = start({ state: 'running' })
    const parts = { starts: [begun], journal: [journal(mine, 1)], finishes: [finish(mine)], messages: [message(other)] }
    await expect(flush(me, parts)).rejects.toThrow(Fenced)
    expect(await state(begun.run)).toBe('unknown')
    expect(await store.history(org, mine, 0)).toEqual([])
    expect(await state(mine)).toBe('ready')
    expect((await store.inbox(org, other))?.messages).toEqual([])
  })

  it('writes nothing for an unknown worker', async () => {
    const { flush, start, state, id } = world()
    const begun = start()
    await expect(flush(id(), { starts: [begun] })).rejects.toThrow(Fenced)
    expect(await state(begun.run)).toBe('unknown')
  })

  it('keeps the latest progress of a step until the run ends', async () => {
    const { store, worker, running, flush, org, now } = world()
    const me = await worker()
    const run = await running(me)
    const progress = { org, run, cmd: 1, attempt: 1, at: now }
    await flush(me, {
      progress: [
        { ...progress, details: '1' },
        { ...progress, details: '2' },
      ],
    })
    expect(await store.progress(org, run, 1)).toBe('2')
    await flush(me, { progress: [{ ...progress, attempt: 2, details: '{"at":3}' }] })
    expect(await store.progress(org, run, 1)).toBe('{"at":3}')
    expect(await store.progress(org, run, 2)).toBeNull()
  })

  it('writes logs, events and many rows in one batch', async () => {
    const { store, worker, running, flush, journal, org, now } = world()
    const me = await worker()
    const run = await running(me)
    const logs = [{ org, run, cmd: 0, step: null, attempt: 0, at: now, level: 'info', message: 'hello', data: '{"a":1}' }] as const
    const events = [{ org, type: 'run.started', subject: run, data: '{}', at: now }]
    const rows = Array.from({ length: 500 }, (_, index) => journal(run, index + 1, { cmd: index + 1 }))
    await flush(me, { logs, events, journal: rows })
    expect((await store.history(org, run, 0)).map((row) => row.seq)).toEqual(rows.map((row) => row.seq))
  })

  it('shows nothing of one org to another', async () => {
    const { store, worker, running, flush, journal, finish, message, cancellation, id } = world()
    const me = await worker()
    const run = await running(me)
    await flush(me, { journal: [journal(run, 1)] })
    const stranger = id()
    expect(await store.live(stranger, run)).toBeNull()
    expect(await store.run(stranger, run)).toBeNull()
    expect(await store.history(stranger, run, 0)).toEqual([])
    expect(await store.inbox(stranger, run)).toBeNull()
    expect(await store.deliver(message(run, { org: stranger }))).toEqual({ type: 'unknown' })
    expect(await store.deliver(cancellation(run, { org: stranger }))).toEqual({ type: 'unknown' })
    await flush(me, { finishes: [finish(run)] })
    expect(await store.result(stranger, run)).toBeNull()
  })
}
