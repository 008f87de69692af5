import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { stepRegistry } from '../../workflow/step-registry.ts'
import { effects, gate } from '../fixtures/workflows.ts'
import type { EngineTests } from './use-engine.fixture.ts'

/** Steps, waits, signals, queries and children. */
export function describeProgress(t: EngineTests): void {
  describe('what a run does', () => {
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

    it('keeps input as it is, whatever JSON holds', async () => {
      await boot()
      const input = { text: 'a\u0000b \ud800 "q" 💡', deep: [[[null, 1e300, -0.5]]], $blob: 'no reference', '': {} }
      expect(await go('echo', input)).toMatchObject({ status: 'succeeded', output: JSON.parse(JSON.stringify(input)) })
    })

    it('repeats a failing step with the same idempotency key and records every attempt', async () => {
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

    it('fails after the last attempt with what the step threw', async () => {
      await boot()
      const ended = await go('tries', 9)
      expect(ended).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('attempt 4 failed') } })
      expect(of(ended.run, 'flaky')).toHaveLength(4)
    })

    it('repeats a step as its call says, in place of the step', async () => {
      await boot()
      expect(await end(await start('hasty', 1))).toMatchObject({ status: 'succeeded', output: 2 })
      expect(await end(await start('hasty', 2))).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('attempt 2') },
      })
    })

    it('does not repeat an error that cannot pass', async () => {
      await boot()
      const ended = await go('doomed', 'no card')
      expect(ended.status).toBe('failed')
      expect(of(ended.run, 'hopeless')).toHaveLength(1)
    })

    it('ends an attempt that takes too long', async () => {
      await boot()
      expect(await go('limits', 'slow')).toMatchObject({ status: 'succeeded', output: expect.stringContaining('60 ms') })
    })

    it('gives up an attempt without heartbeats, and hands its last words to the next', async () => {
      await boot()
      expect(await go('limits', 'silent')).toMatchObject({ status: 'succeeded', output: { at: 41 } })
    })

    it('commits transactional steps among others, and ends while one is under way', async () => {
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

    it('sleeps short waits in memory and long ones parked', async () => {
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

    it('keeps signals that arrive before anyone waits, in order, each received once', async () => {
      await boot()
      const run = await start('asker', '400ms')
      for (const n of [1, 2, 3]) expect(await t.engine.signal(t.org, run, 'answer', n)).toMatchObject({ type: 'delivered' })
      await t.engine.signal(t.org, run, 'other', 'nobody waits for this')
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: [1, 2, 3] })
      expect(await t.engine.signal(t.org, run, 'answer', 4)).toEqual({ type: 'finished' })
    })

    it('takes a repeated signal id for one signal', async () => {
      await boot()
      const run = await start('asker', '300ms')
      const id = randomUUID()
      await t.engine.signal(t.org, run, 'answer', 'once', { id })
      await t.engine.signal(t.org, run, 'answer', 'twice', { id })
      expect((await end(run)).output).toEqual(['once'])
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

    it('answers queries of live and of finished runs', async () => {
      await boot()
      const run = await start('asker', '400ms')
      await t.engine.signal(t.org, run, 'answer', 'first')
      await until(
        () => t.engine.query(t.org, run, 'answers', null),
        (answer) => answer?.ok === true && JSON.stringify(answer.value) === '["first"]',
      )
      await end(run)
      expect(await t.engine.query(t.org, run, 'answers', null)).toEqual({ ok: true, value: ['first'] })
      expect(await t.engine.query(t.org, run, 'nothing', null)).toMatchObject({ ok: false })
      expect(await t.engine.query(t.org, '00000000-0000-7000-8000-0000000000ff', 'x', null)).toBeNull()
    })

    it('fans out to children and gathers their results', async () => {
      await boot({ slots: 8 })
      const ended = await go('parent', 30)
      expect(ended).toMatchObject({ status: 'succeeded', output: (29 * 30) / 2 + 150 })
      expect((await rows(ended.run)).filter((row) => row.kind === 'child')).toHaveLength(30)
    })

    it("throws a child's failure in the parent", async () => {
      await boot()
      expect(await go('guardian', null)).toMatchObject({ status: 'succeeded', output: 'ChildFailedError' })
    })

    it('begins a child once, though another process takes the parent, which has nothing in its journal', async () => {
      await boot()
      const run = await start('warden', null)
      await state(run, 'waiting')
      const [child] = await until(
        () => t.engine.store.liveRuns(t.org, 'watchful', null, 10),
        ([live]) => live?.state === 'waiting',
      )
      await t.worker.stop()
      await process([]).work({ steps: stepRegistry() })
      await t.engine.signal(t.org, run, 'unexpected', null)
      await t.engine.signal(t.org, child?.run ?? '', 'go', 'on')
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'on' })
      expect(of(child?.run ?? '', 'note')).toHaveLength(1)
    })

    it('ends, and has started what it did not wait for', async () => {
      await boot()
      expect(await go('launcher', null)).toMatchObject({ status: 'succeeded', output: 'gone' })
      await until(
        () => effects.filter(({ step }) => step === 'add'),
        (added) => added.length === 5,
      )
    })

    it('tells a parent that the key of its child is taken', async () => {
      await boot()
      expect(await go('sharer', null)).toMatchObject({ output: [6, expect.stringContaining('its key is held by run')] })
    })

    it('starts a child in the version that is asked for, else in its own', async () => {
      await boot()
      await t.engine.store.saveBundle(t.org, t.changed.hash, t.changed.code, JSON.stringify(t.changed.manifest))
      expect(await end(await start('elder', null))).toMatchObject({ output: 'own' })
      expect(await end(await start('elder', t.changed.hash))).toMatchObject({ output: 'changed' })
      expect(await end(await start('elder', 'f'.repeat(64)))).toMatchObject({ error: { name: 'ChildFailedError' } })
    })

    it('closes children with their parent, unless they are abandoned', async () => {
      await boot()
      for (const [close, fate] of [
        ['cancel', 'cancelled'],
        ['abandon', 'waiting'],
      ] as const) {
        const ended = await go('leaver', close)
        const events: { subject: string; type: string; data: string }[] = []
        const child = await until(
          async () => (await t.engine.store.liveRuns(t.org, 'pair', null, 10)).map((live) => live.run),
          (runs) => (fate === 'waiting' ? runs.length > 0 : true),
        )
        if (fate === 'cancelled')
          await until(
            () => t.engine.store.liveRuns(t.org, 'pair', null, 10),
            (live) => live.length === 0,
          )
        else expect(child).toHaveLength(1)
        expect(events).toEqual([])
        expect(ended.output).toBe('left')
      }
    })

    it('takes the winner of a race and drops the losers', async () => {
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
