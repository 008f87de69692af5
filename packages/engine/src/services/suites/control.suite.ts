/**
 * Goal: callers can cancel, pause, retry, fork and query runs, and limits and keys decide their starts. Uses one engine on the given store.
 */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { buildBundle } from '../../bundle/build-bundle.ts'
import { uuid7 } from '../../uuid.ts'
import { gate } from '../fixtures/workflows.ts'
import type { EngineTests } from './use-engine.fixture.ts'

export function describeControl(t: EngineTests): void {
  describe('control of runs', () => {
    const { boot, start, end, go, state, rows, of } = t

    it('cancelling a run runs its cleanup', async () => {
      await boot()
      const at = gate('c1')
      const run = await start('careful', 'c1')
      await at.reached.promise
      expect(await t.engine.cancel(t.org, run, 'changed my mind')).toMatchObject({ type: 'delivered' })
      const error = { name: 'CancelledError', kind: 'cancelled', message: 'the run was cancelled: changed my mind' }
      expect(await end(run)).toMatchObject({ status: 'cancelled', error })
      expect(of(run, 'note').map((effect) => effect.input)).toEqual(['cleaned c1'])
      at.open()
    })

    it('cancelling a parked run runs its cleanup', async () => {
      await boot()
      gate('c2').open()
      const run = await start('careful', 'c2')
      await state(run, 'waiting')
      await t.engine.cancel(t.org, run, 'no more')
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(of(run, 'note')).toHaveLength(1)
      expect(await t.engine.cancel(t.org, run, 'again')).toEqual({ type: 'finished' })
    })

    it('cancelling a paused run runs its cleanup', async () => {
      await boot()
      const at = gate('work')
      const run = await start('careful', 'work')
      await at.reached.promise
      await t.engine.pause(t.org, run)
      at.open()
      await state(run, 'paused')
      await t.engine.cancel(t.org, run, 'not wanted')
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(of(run, 'note')).toHaveLength(1)
    })

    it('cancelling a run that is about to be paused runs its cleanup', async () => {
      await boot()
      const at = gate('work')
      const run = await start('careful', 'work')
      await at.reached.promise
      await t.engine.pause(t.org, run)
      await t.engine.cancel(t.org, run, 'not wanted')
      at.open()
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(of(run, 'note')).toHaveLength(1)
    })

    it.each(['queued', 'delayed', 'gated', 'blocked'] as const)('a run that is %s times out, though no worker has it', async (how) => {
      await boot()
      const at = gate('hold')
      if (how === 'gated') await start('single', { customer: 'a', gate: 'hold' })
      const run = await {
        queued: () => start('echo', null, { queue: 'unserved', timeoutMs: 300 }),
        delayed: () => start('echo', null, { queue: 'unserved', at: t.engine.now() + 400, timeoutMs: 300 }),
        gated: () => start('single', { customer: 'a', gate: 'hold' }, { timeoutMs: 300 }),
        blocked: () => start('stuck', null, { timeoutMs: 300 }),
      }[how]()
      expect(await end(run)).toMatchObject({ status: 'timed_out', error: { kind: 'timeout' } })
      at.open()
    })

    it('a paused run that times out runs its cleanup', async () => {
      await boot()
      const at = gate('work')
      const run = await start('careful', 'work', { timeoutMs: 500 })
      await at.reached.promise
      await t.engine.pause(t.org, run)
      at.open()
      expect(await end(run)).toMatchObject({ status: 'timed_out' })
      expect(of(run, 'note')).toHaveLength(1)
    })

    it('terminates a parked run at once, without cleanup', async () => {
      await boot()
      gate('c3').open()
      const run = await start('careful', 'c3')
      await state(run, 'waiting')
      await t.engine.cancel(t.org, run, 'now', { terminate: true })
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(of(run, 'note')).toHaveLength(0)
    })

    it('terminates a run at once that a worker has, without cleanup, while a step ignores its signal', async () => {
      await boot()
      const at = gate('c4')
      const run = await start('careful', 'c4')
      await at.reached.promise
      await t.engine.cancel(t.org, run, 'now', { terminate: true })
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      at.open()
      expect(of(run, 'note')).toHaveLength(0)
    })

    it('a run that exceeds its timeout runs its cleanup and ends as timed out', async () => {
      await boot()
      const ended = await go('brief', null)
      expect(ended.status).toBe('timed_out')
      expect(of(ended.run, 'note')).toHaveLength(1)
    })

    it('pauses after the steps in progress and continues when resumed', async () => {
      await boot()
      const at = gate('p1')
      const run = await start('careful', 'p1')
      await at.reached.promise
      await t.engine.pause(t.org, run)
      at.open()
      await state(run, 'paused')
      expect((await rows(run)).map((row) => row.name)).toEqual(['gated'])
      await t.engine.resume(t.org, run)
      await state(run, 'waiting')
      await t.engine.cancel(t.org, run, 'done with it')
      expect((await end(run)).status).toBe('cancelled')
    })

    it('a run started where its queue is paused waits until the queue is resumed, although a slot is free', async () => {
      await boot()
      await t.engine.setQueuePaused(t.org, 'default', true)
      const run = await start('echo', 'late')
      await state(run, 'ready')
      expect(await rows(run)).toEqual([])
      expect(t.worker.activeRuns).toBe(0)
      await t.engine.setQueuePaused(t.org, 'default', false)
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'late' })
    })

    it('a paused run continues in another version, and one that is not stopped is left in its own', async () => {
      await boot()
      const at = gate('v1')
      const run = await start('careful', 'v1')
      await at.reached.promise
      const version = t.changed.hash
      await t.engine.saveBundle(t.org, t.changed)
      expect(await t.engine.resume(t.org, run, { version })).toEqual({ type: 'not_stopped' })
      await t.engine.pause(t.org, run)
      at.open()
      await state(run, 'paused')
      expect(await t.engine.resume(t.org, run, { version })).toMatchObject({ type: 'delivered' })
      expect((await rows(run)).at(-1)).toMatchObject({ kind: 'version', name: version })
      await t.engine.cancel(t.org, run, 'done with it', { terminate: true })
    })

    it('retries a failed run from its failed step with the same idempotency keys', async () => {
      await boot()
      const failed = await go('tries', 4)
      expect(failed.status).toBe('failed')
      const before = of(failed.run, 'flaky').map((effect) => effect.key)
      const again = await t.engine.retry(t.org, failed.run)
      const ended = await end(again?.run ?? '')
      expect(ended.status).toBe('failed')
      const after = of(ended.run, 'flaky')
      expect(after.map((effect) => effect.attempt)).toEqual([1, 2, 3, 4])
      expect(new Set([...before, ...after.map((effect) => effect.key)]).size).toBe(1)
      expect(await t.engine.store.result(t.org, failed.run)).toMatchObject({ status: 'failed' })
    })

    it('a retry continues with an edited output of the failed step', async () => {
      await boot()
      const failed = await go('doomed', 'no')
      const step = (await rows(failed.run)).find((row) => row.error !== null)
      const again = await t.engine.retry(t.org, failed.run, { edits: new Map([[step?.cmd ?? 0, 'by hand']]) })
      expect(await end(again?.run ?? '')).toMatchObject({ status: 'succeeded', output: 2 })
      expect(of(again?.run ?? '', 'add')).toHaveLength(0)
    })

    it('retries a cancelled run from where it was cancelled', async () => {
      await boot()
      const first = gate('c3')
      const run = await start('careful', 'c3')
      await first.reached.promise
      first.open()
      await state(run, 'waiting')
      await t.engine.cancel(t.org, run, 'too early')
      expect((await end(run)).status).toBe('cancelled')
      const again = (await t.engine.retry(t.org, run))?.run ?? ''
      await state(again, 'waiting')
      await t.engine.signal(t.org, again, 'never', null)
      expect(await end(again)).toMatchObject({ status: 'succeeded', output: 'done' })
      expect(of(again, 'gated')).toHaveLength(0)
      expect(of(again, 'note')).toHaveLength(1)
    })

    it('forks a run from a journal row, with new idempotency keys', async () => {
      await boot()
      const first = await go('five', 10)
      const fork = await t.engine.fork(t.org, first.run, 4, { edits: new Map([[3, 100]]) })
      const ended = await end(fork?.run ?? '')
      expect(ended).toMatchObject({ status: 'succeeded', output: 102 })
      const keys = new Set(of(first.run, 'add').map((effect) => effect.key))
      expect(of(ended.run, 'add').map((effect) => effect.input)).toEqual([100, 101])
      expect(of(ended.run, 'add').some((effect) => keys.has(effect.key))).toBe(false)
    })

    it('a run continues as new under the same id', async () => {
      await boot()
      const ended = await go('counter', { left: 4, sum: 0 })
      expect(ended).toMatchObject({ status: 'succeeded', output: 4 })
      expect((await rows(ended.run)).map((row) => row.kind)).toEqual([
        'step',
        'generation',
        'step',
        'generation',
        'step',
        'generation',
        'step',
      ])
    })

    it('answers queries of a run in its second generation', async () => {
      await boot()
      const relay = gate('relay')
      const run = await start('relay', 2)
      await relay.reached.promise
      expect(await t.engine.query(t.org, run, 'left', null)).toEqual({ ok: true, value: 0 })
      relay.open()
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'relay' })
    })

    it('runs of one concurrency key execute one at a time, in order', async () => {
      await boot()
      const [one, two] = [gate('k1'), gate('k2')]
      const first = await start('single', { customer: 'x', gate: 'k1' })
      const second = await start('single', { customer: 'x', gate: 'k2' })
      await one.reached.promise
      expect(await t.engine.why(t.org, second)).toMatchObject({ state: 'gated' })
      one.open()
      await end(first)
      await two.reached.promise
      two.open()
      expect((await end(second)).status).toBe('succeeded')
    })

    it('cancels the run in progress for a newer one with its key', async () => {
      await boot()
      const [one, two] = [gate('r1'), gate('r2')]
      const first = await start('replacing', { customer: 'x', gate: 'r1' })
      await one.reached.promise
      const second = await start('replacing', { customer: 'x', gate: 'r2' })
      expect((await end(first)).status).toBe('cancelled')
      two.open()
      expect((await end(second)).status).toBe('succeeded')
      one.open()
    })

    it('cancels the newest run of a full key', async () => {
      await boot()
      const one = gate('n1')
      const first = await start('refusing', { customer: 'x', gate: 'n1' })
      const outcome = await t.engine.start({ org: t.org, workflow: 'refusing', input: { customer: 'x', gate: 'n1' } })
      expect(outcome.type).toBe('refused')
      one.open()
      expect((await end(first)).status).toBe('succeeded')
    })

    it('runs only the last start of a debounced burst', async () => {
      await boot()
      const runs = []
      for (const value of [1, 2, 3]) runs.push(await start('settled', { id: 'a', value }))
      expect((await end(runs[2] ?? '')).output).toBe(3)
      expect(new Set(runs).size).toBe(1)
    })

    it('starts one run for repeated starts with a dedupe key', async () => {
      await boot()
      const dedupe = { key: 'order-1', windowMs: 60_000 }
      const first = await start('five', 1, { dedupe })
      const again = await t.engine.start({ org: t.org, workflow: 'five', input: 1, dedupe })
      expect(again).toEqual({ type: 'existing', run: first })
      await end(first)
    })

    it('starts another child for a dedupe key whose run failed, if the parent says so', async () => {
      await boot()
      const failed = await start('tries', 9, { dedupe: { key: 'k', windowMs: 60_000 } })
      await end(failed)
      expect(await go('reusing', 'never')).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('failed') } })
      expect(await go('reusing', 'after_failure')).toMatchObject({ status: 'succeeded', output: 1 })
    })

    it('starts one run for repeated starts with a run id chosen by the caller', async () => {
      await boot()
      const runId = uuid7(Date.now(), Buffer.from(randomUUID()))
      await Promise.all([start('five', 1, { runId }), start('five', 1, { runId })])
      await end(runId)
      expect(of(runId, 'add')).toHaveLength(5)
    })

    it('a delayed run starts no sooner than its time', async () => {
      await boot()
      const later = await start('five', 1, { at: t.engine.now() + 3_600_000 })
      expect((await t.engine.why(t.org, later)).state).toBe('waiting')
      await t.engine.cancel(t.org, later, 'seen', { terminate: true })
      const at = t.engine.now() + 150
      const run = await start('five', 1, { at })
      await end(run)
      expect((await rows(run))[0]?.at).toBeGreaterThanOrEqual(at)
    })

    it('the clock of a delayed run begins at its time', async () => {
      await boot()
      const at = Math.ceil(t.engine.now()) + 300
      expect(await end(await start('timed', null, { at }))).toMatchObject({ output: at })
    })

    it('a start names an unknown workflow or version and invalid input', async () => {
      await boot()
      expect(await t.engine.start({ org: t.org, workflow: 'nothing', input: null })).toEqual({
        type: 'no_such_workflow',
        workflow: 'nothing',
      })
      expect(await t.engine.start({ org: t.org, workflow: 'five', version: 'ff', input: null })).toMatchObject({ type: 'no_such_version' })
      const strict = await buildBundle({ entries: [`${t.folder}fixtures/strict.ts`], root: t.folder })
      await t.engine.deploy(t.org, strict)
      expect(await t.engine.start({ org: t.org, workflow: 'strict', input: { n: 'one' } })).toMatchObject({
        type: 'invalid_input',
        issues: [{ path: 'n' }],
      })
      expect((await go('strict', { n: 1 })).output).toBe(1)
    })
  })
}
