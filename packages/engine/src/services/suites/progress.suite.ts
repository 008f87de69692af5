/**
 * Goal: steps, sleeps, signals, races and queries behave as declared across attempts, parking and processes. Uses one or two engines on the
 * given store.
 */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { stepRegistry } from '../../workflow/step-registry.ts'
import { gate } from '../fixtures/workflows.ts'
import type { EngineTests } from './use-engine.fixture.ts'

export function describeProgress(t: EngineTests): void {
  describe('progress of runs', () => {
    const { boot, process, start, end, go, until, state, rows, of } = t

    it('runs steps in order and records each once', async () => {
      await boot()
      const ended = await go('five', 1)
      expect(ended).toMatchObject({ status: 'succeeded', output: 6 })
      const journal = await rows(ended.run)
      expect(journal.map((row) => [row.seq, row.cmd, row.kind, row.output])).toEqual(
        [1, 2, 3, 4, 5].map((n) => [n, n, 'step', String(n + 1)]),
      )
      expect(of(ended.run, 'add').map((effect) => effect.input)).toEqual([1, 2, 3, 4, 5])
    })

    it('keeps any JSON input unchanged', async () => {
      await boot()
      const input = { text: 'a\u0000b \ud800 "q" 💡', deep: [[[null, 1e300, -0.5]]], $blob: 'no reference', '': {} }
      expect(await go('echo', input)).toMatchObject({ status: 'succeeded', output: JSON.parse(JSON.stringify(input)) })
    })

    it('retries a failing step with the same idempotency key and records every attempt', async () => {
      await boot()
      const ended = await go('tries', 2)
      expect(ended).toMatchObject({ status: 'succeeded', output: 3 })
      expect((await rows(ended.run)).map((row) => [row.kind, row.attempt, row.error?.message])).toEqual([
        ['attempt', 1, 'attempt 1 failed'],
        ['attempt', 2, 'attempt 2 failed'],
        ['step', 3, undefined],
      ])
      expect(new Set(of(ended.run, 'flaky').map((effect) => effect.key)).size).toBe(1)
    })

    it('fails after the last attempt with the error of the step', async () => {
      await boot()
      const ended = await go('tries', 9)
      expect(ended).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('attempt 4 failed') } })
      expect(of(ended.run, 'flaky')).toHaveLength(4)
    })

    it('the retry policy of a call overrides that of the step', async () => {
      await boot()
      expect(await end(await start('hasty', 1))).toMatchObject({ status: 'succeeded', output: 2 })
      expect(await end(await start('hasty', 2))).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('attempt 2') },
      })
    })

    it('does not retry a non-retryable error', async () => {
      await boot()
      const ended = await go('doomed', 'no card')
      expect(ended.status).toBe('failed')
      expect(of(ended.run, 'hopeless')).toHaveLength(1)
    })

    it('an attempt that exceeds its timeout fails', async () => {
      await boot()
      expect(await go('limits', 'slow')).toMatchObject({ status: 'succeeded', output: expect.stringContaining('60 ms') })
    })

    it('abandons an attempt without heartbeats and hands its last heartbeat details to the next', async () => {
      await boot()
      expect(await go('limits', 'silent')).toMatchObject({ status: 'succeeded', output: { at: 41 } })
    })

    it('commits transactional steps beside others, and ends while one is in progress', async () => {
      await boot()
      const ended = await go('ledger', 8)
      expect(ended).toMatchObject({
        status: 'succeeded',
        output: [
          [0, 1, 2, 3, 4, 5, 6, 7],
          [2, 3, 4],
        ],
      })
      const journal = await rows(ended.run)
      expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1))
      expect(await t.engine.query(t.org, ended.run, 'none', null)).toMatchObject({
        error: { message: expect.stringContaining('answers no query') },
      })
    })

    it('a short sleep stays in memory and a long one parks the run', async () => {
      await boot()
      expect((await go('sleeper', '30ms')).output).toBeGreaterThanOrEqual(30)
      const long = await start('sleeper', '30d')
      await state(long, 'waiting')
      await until(
        () => t.worker.activeRuns,
        (active) => active === 0,
      )
      expect((await t.engine.why(t.org, long)).summary).toMatch(/^It sleeps; it wakes at \d{4}-\d\d-\d\dT[\d:.]+Z\.$/)
      await t.engine.cancel(t.org, long, 'enough')
      expect(await end(long)).toMatchObject({ status: 'cancelled' })
    })

    it('keeps signals that arrive before a wait, and delivers each once and in order', async () => {
      await boot()
      const run = await start('asker', null)
      for (const n of [1, 2, 3]) expect(await t.engine.signal(t.org, run, 'answer', n)).toMatchObject({ type: 'delivered' })
      for (const [name, payload] of [
        ['other', 'not awaited'],
        ['answer', null],
      ] as const)
        await t.engine.signal(t.org, run, name, payload)
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: [1, 2, 3] })
      expect(await t.engine.signal(t.org, run, 'answer', 4)).toEqual({ type: 'finished' })
    })

    it('delivers a repeated signal id once', async () => {
      await boot()
      const run = await start('asker', null)
      const id = randomUUID()
      await t.engine.signal(t.org, run, 'answer', 'once', { id })
      await t.engine.signal(t.org, run, 'answer', 'twice', { id })
      await t.engine.signal(t.org, run, 'answer', null)
      expect((await end(run)).output).toEqual(['once'])
    })

    it('a wait that no signal ends times out', async () => {
      await boot()
      expect(await go('asker', '20ms')).toMatchObject({ status: 'succeeded', output: [] })
    })

    it('wakes a parked run for a signal', async () => {
      await boot()
      const run = await start('pair', null)
      await state(run, 'waiting')
      expect((await t.engine.why(t.org, run)).waits).toMatchObject([{ type: 'signal', name: 'a' }])
      await t.engine.signal(t.org, run, 'a', 1)
      await t.engine.signal(t.org, run, 'b', 2)
      expect((await end(run)).output).toEqual([1, 2])
    })

    it('keeps unreceived signals for the next generation', async () => {
      await boot({ work: false })
      const run = await start('collector', [])
      for (const n of [1, 2, 3]) await t.engine.signal(t.org, run, 'item', n)
      // All three are read at once, before the first generation receives one.
      await t.engine.work({ steps: stepRegistry() })
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: [1, 2, 3] })
      expect((await rows(run)).map(({ kind }) => kind)).toEqual(['signal', 'generation', 'signal', 'generation', 'signal'])
    })

    it('another process receives a signal sent to an earlier generation', async () => {
      await boot()
      const run = await start('collector', [])
      await state(run, 'waiting')
      await t.engine.signal(t.org, run, 'item', 1)
      await until(
        () => rows(run),
        (found) => found.length === 2,
      )
      await t.worker.stop()
      for (const n of [2, 3]) await t.engine.signal(t.org, run, 'item', n)
      await process([]).work({ steps: stepRegistry() })
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: [1, 2, 3] })
    })

    it('keeps a signal that a lost worker had read before any command waited for it', async () => {
      await boot()
      const at = gate('patient')
      const run = await start('patient', 'patient')
      await state(run, 'waiting')
      await t.engine.signal(t.org, run, 'go', 'kept')
      await t.engine.signal(t.org, run, 'first', null)
      // Messages are read in order: once the second is read, the first has been too.
      await at.reached.promise
      await t.engine.store.retire(t.worker.id)
      await until(
        () => of(run, 'gated'),
        (begun) => begun.length === 2,
      )
      at.open()
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'kept' })
    })

    it('receives a signal that arrived while the run was pausing', async () => {
      await boot()
      const at = gate('busy')
      const run = await start('busy', 'busy')
      await at.reached.promise
      await t.engine.pause(t.org, run)
      await t.engine.signal(t.org, run, 'go', 1)
      at.open()
      await state(run, 'paused')
      expect((await rows(run)).map(({ kind }) => kind)).toEqual(['step'])
      await t.engine.resume(t.org, run)
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: [1, 'busy'] })
    })

    it('answers queries of live and finished runs', async () => {
      await boot()
      const run = await start('asker', null)
      await t.engine.signal(t.org, run, 'answer', 'first')
      await until(
        () => t.engine.query(t.org, run, 'answers', null),
        (answer) => answer?.ok === true && JSON.stringify(answer.value) === '["first"]',
      )
      await t.engine.signal(t.org, run, 'answer', null)
      await end(run)
      expect(await t.engine.query(t.org, run, 'answers', null)).toEqual({ ok: true, value: ['first'] })
      expect(await t.engine.query(t.org, run, 'nothing', null)).toMatchObject({ ok: false })
      expect(await t.engine.query(t.org, '00000000-0000-7000-8000-0000000000ff', 'x', null)).toBeNull()
    })

    it('a race returns the winner and drops the losers', async () => {
      await boot()
      const at = gate('race')
      expect((await go('racer', null)).output).toBe('clock')
      at.open()
    })

    it('carries payloads of any size', async () => {
      await boot()
      expect((await go('big', 300_000)).output).toBe(300_000)
    })
  })
}
