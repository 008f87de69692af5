import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { BuiltBundle, Engine, StartRequest, Worker } from '../api.ts'
import { buildBundle } from '../bundle/build-bundle.ts'
import type { FinalStatus, JournalRow, Notifier, OrgId, RunId, Store } from '../store/store.ts'
import type { Failure, Json } from '../workflow/protocol.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { uuid7 } from './child-id.ts'
import { createEngine } from './create-engine.ts'
import { effects, gate } from './fixtures/workflows.ts'
import type { EngineFact } from './observe.ts'

export interface EngineBench {
  /** A connection of a new process to the same database. */
  readonly connect: () => { store: Store; notifier: Notifier }
  readonly close: () => Promise<void>
}

interface Ended {
  readonly run: RunId
  readonly status: FinalStatus
  readonly output: Json
  readonly error: Failure | null
}

const here = fileURLToPath(new URL('.', import.meta.url))

/** Everything that a run can go through, on a given store. */
export function describeEngine(name: string, makeBench: () => Promise<EngineBench>): void {
  describe(`the engine on ${name}`, () => {
    let bundle: BuiltBundle
    let other: BuiltBundle
    let bench: EngineBench
    let engine: Engine
    let worker: Worker
    /** Each test has its own, so that they share a database. */
    let ORG: OrgId
    const facts: EngineFact[] = []
    const open: Engine[] = []

    beforeAll(async () => {
      bench = await makeBench()
      bundle = await buildBundle({ entries: [`${here}fixtures/workflows.ts`], root: here })
      other = await buildBundle({ entries: [`${here}fixtures/changed.ts`], root: here })
    })

    const boot = async (options: { work?: boolean; slots?: number } = {}): Promise<void> => {
      ORG = randomUUID()
      engine = process(facts)
      await engine.deploy(ORG, bundle)
      if (options.work !== false) worker = await engine.work({ steps: stepRegistry(), ...(options.slots ? { slots: options.slots } : {}) })
    }

    const process = (into: EngineFact[]): Engine => {
      const made = createEngine({ ...bench.connect(), observe: (fact) => into.push(fact), beatMs: 100, leaseMs: 1000 })
      open.push(made)
      return made
    }

    afterEach(async () => {
      const violations = await engine.store.violations()
      for (const each of open.splice(0)) await each.close()
      facts.length = 0
      effects.length = 0
      expect(violations).toEqual([])
    })

    afterAll(() => bench.close())

    const start = async (workflow: string, input: Json, more: Partial<StartRequest> = {}): Promise<RunId> => {
      const outcome = await engine.start({ org: ORG, workflow, input, ...more })
      if (!('run' in outcome)) throw new Error(`not started: ${JSON.stringify(outcome)}`)
      return outcome.run
    }
    const end = async (run: RunId): Promise<Ended> => {
      const answer = await engine.result(ORG, run, 15_000)
      if (answer === null) throw new Error(`run ${run} did not end: ${JSON.stringify(await engine.why(ORG, run))}`)
      return {
        run,
        status: answer.status,
        output: answer.output === null ? null : (JSON.parse(answer.output) as Json),
        error: answer.error,
      }
    }
    const go = async (workflow: string, input: Json, more: Partial<StartRequest> = {}): Promise<Ended> =>
      end(await start(workflow, input, more))
    const until = async <T>(probe: () => Promise<T> | T, good: (value: T) => boolean): Promise<T> => {
      const give = performance.now() + 10_000
      for (;;) {
        const value = await probe()
        if (good(value)) return value
        if (performance.now() > give) throw new Error(`still ${JSON.stringify(value)}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const state = (run: RunId, wanted: string) =>
      until(
        () => engine.why(ORG, run),
        (why) => why.state === wanted,
      )
    const rows = (run: RunId): Promise<readonly JournalRow[]> => engine.store.history(ORG, run, 0)
    const of = (run: RunId, step: string) => effects.filter((effect) => effect.run === run && effect.step === step)

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
      expect(await engine.query(ORG, ended.run, 'none', null)).toMatchObject({
        error: { message: expect.stringContaining('answers no query') },
      })
    })

    it('sleeps short waits in memory and long ones parked', async () => {
      await boot()
      expect((await go('sleeper', '30ms')).output).toBeGreaterThanOrEqual(30)
      const long = await start('sleeper', '30d')
      await state(long, 'waiting')
      await until(
        () => worker.activeRuns,
        (active) => active === 0,
      )
      expect((await engine.why(ORG, long)).summary).toMatch(/sleeps/)
      await engine.cancel(ORG, long, 'enough')
      expect(await end(long)).toMatchObject({ status: 'cancelled' })
    })

    it('keeps signals that arrive before anyone waits, in order, each received once', async () => {
      await boot()
      const run = await start('asker', '400ms')
      for (const n of [1, 2, 3]) expect(await engine.signal(ORG, run, 'answer', n)).toMatchObject({ type: 'delivered' })
      await engine.signal(ORG, run, 'other', 'nobody waits for this')
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: [1, 2, 3] })
      expect(await engine.signal(ORG, run, 'answer', 4)).toEqual({ type: 'finished' })
    })

    it('takes a repeated signal id for one signal', async () => {
      await boot()
      const run = await start('asker', '300ms')
      const id = randomUUID()
      await engine.signal(ORG, run, 'answer', 'once', { id })
      await engine.signal(ORG, run, 'answer', 'twice', { id })
      expect((await end(run)).output).toEqual(['once'])
    })

    it('wakes a parked run for a signal', async () => {
      await boot()
      const run = await start('pair', null)
      await state(run, 'waiting')
      expect((await engine.why(ORG, run)).waits).toMatchObject([{ type: 'signal', name: 'a' }])
      await engine.signal(ORG, run, 'a', 1)
      await engine.signal(ORG, run, 'b', 2)
      expect((await end(run)).output).toEqual([1, 2])
    })

    it('answers queries of live and of finished runs', async () => {
      await boot()
      const run = await start('asker', '400ms')
      await engine.signal(ORG, run, 'answer', 'first')
      await until(
        () => engine.query(ORG, run, 'answers', null),
        (answer) => answer?.ok === true && JSON.stringify(answer.value) === '["first"]',
      )
      await end(run)
      expect(await engine.query(ORG, run, 'answers', null)).toEqual({ ok: true, value: ['first'] })
      expect(await engine.query(ORG, run, 'nothing', null)).toMatchObject({ ok: false })
      expect(await engine.query(ORG, '00000000-0000-7000-8000-0000000000ff', 'x', null)).toBeNull()
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
        () => engine.store.liveRuns(ORG, 'watchful', null, 10),
        ([live]) => live?.state === 'waiting',
      )
      await worker.stop()
      await process([]).work({ steps: stepRegistry() })
      await engine.signal(ORG, run, 'unexpected', null)
      await engine.signal(ORG, child?.run ?? '', 'go', 'on')
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
      await engine.store.saveBundle(ORG, other.hash, other.code, JSON.stringify(other.manifest))
      expect(await end(await start('elder', null))).toMatchObject({ output: 'own' })
      expect(await end(await start('elder', other.hash))).toMatchObject({ output: 'changed' })
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
          async () => (await engine.store.liveRuns(ORG, 'pair', null, 10)).map((live) => live.run),
          (runs) => (fate === 'waiting' ? runs.length > 0 : true),
        )
        if (fate === 'cancelled')
          await until(
            () => engine.store.liveRuns(ORG, 'pair', null, 10),
            (live) => live.length === 0,
          )
        else expect(child).toHaveLength(1)
        expect(events).toEqual([])
        expect(ended.output).toBe('left')
      }
    })

    it('cancels with cleanup', async () => {
      await boot()
      const at = gate('c1')
      const run = await start('careful', 'c1')
      await at.reached.promise
      expect(await engine.cancel(ORG, run, 'changed my mind')).toMatchObject({ type: 'delivered' })
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(of(run, 'note').map((effect) => effect.input)).toEqual(['cleaned c1'])
      at.open()
    })

    it('cancels a parked run, cleanup included', async () => {
      await boot()
      gate('c2').open()
      const run = await start('careful', 'c2')
      await state(run, 'waiting')
      await engine.cancel(ORG, run, 'no more')
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(of(run, 'note')).toHaveLength(1)
      expect(await engine.cancel(ORG, run, 'again')).toEqual({ type: 'finished' })
    })

    it('terminates a parked run at once, without cleanup', async () => {
      await boot()
      gate('c3').open()
      const run = await start('careful', 'c3')
      await state(run, 'waiting')
      await engine.cancel(ORG, run, 'now', { terminate: true })
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(of(run, 'note')).toHaveLength(0)
    })

    it('times a run out, cleanup included', async () => {
      await boot()
      const ended = await go('brief', null)
      expect(ended.status).toBe('timed_out')
      expect(of(ended.run, 'note')).toHaveLength(1)
    })

    it('pauses after the steps in progress and goes on when resumed', async () => {
      await boot()
      const at = gate('p1')
      const run = await start('careful', 'p1')
      await at.reached.promise
      await engine.pause(ORG, run)
      at.open()
      await state(run, 'paused')
      expect((await rows(run)).map((row) => row.name)).toEqual(['gated'])
      await engine.resume(ORG, run)
      await state(run, 'waiting')
      await engine.cancel(ORG, run, 'done with it')
      expect((await end(run)).status).toBe('cancelled')
    })

    it('takes the winner of a race and drops the losers', async () => {
      await boot()
      const at = gate('race')
      expect((await go('racer', null)).output).toBe('clock')
      at.open()
    })

    it('retries a failed run from its failed step with the same keys', async () => {
      await boot()
      const failed = await go('tries', 4)
      expect(failed.status).toBe('failed')
      const before = of(failed.run, 'flaky').map((effect) => effect.key)
      const again = await engine.retry(ORG, failed.run)
      const ended = await end(again?.run ?? '')
      expect(ended.status).toBe('failed')
      const after = of(ended.run, 'flaky')
      expect(after.map((effect) => effect.attempt)).toEqual([1, 2, 3, 4])
      expect(new Set([...before, ...after.map((effect) => effect.key)]).size).toBe(1)
      expect(await engine.store.result(ORG, failed.run)).toMatchObject({ status: 'failed' })
    })

    it('goes on with the output that a person gave for a failed step', async () => {
      await boot()
      const failed = await go('doomed', 'no')
      const step = (await rows(failed.run)).find((row) => row.error !== null)
      const again = await engine.retry(ORG, failed.run, { edits: new Map([[step?.cmd ?? 0, 'by hand']]) })
      expect(await end(again?.run ?? '')).toMatchObject({ status: 'succeeded', output: 2 })
      expect(of(again?.run ?? '', 'add')).toHaveLength(0)
    })

    it('forks a run from a row, with new keys', async () => {
      await boot()
      const first = await go('five', 10)
      const fork = await engine.fork(ORG, first.run, 4, { edits: new Map([[3, 100]]) })
      const ended = await end(fork?.run ?? '')
      expect(ended).toMatchObject({ status: 'succeeded', output: 102 })
      const keys = new Set(of(first.run, 'add').map((effect) => effect.key))
      expect(of(ended.run, 'add').map((effect) => effect.input)).toEqual([100, 101])
      expect(of(ended.run, 'add').some((effect) => keys.has(effect.key))).toBe(false)
    })

    it('continues as new under the same id', async () => {
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

    it('answers queries of a run that has begun another generation', async () => {
      await boot()
      const relay = gate('relay')
      const run = await start('relay', 2)
      await relay.reached.promise
      expect(await engine.query(ORG, run, 'left', null)).toEqual({ ok: true, value: 0 })
      relay.open()
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'relay' })
    })

    it('queues runs of one concurrency key, in order', async () => {
      await boot()
      const [one, two] = [gate('k1'), gate('k2')]
      const first = await start('single', { customer: 'x', gate: 'k1' })
      const second = await start('single', { customer: 'x', gate: 'k2' })
      await one.reached.promise
      expect(await engine.why(ORG, second)).toMatchObject({ state: 'gated' })
      one.open()
      await end(first)
      await two.reached.promise
      two.open()
      expect((await end(second)).status).toBe('succeeded')
    })

    it('cancels the run in progress for a newer one of its key', async () => {
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

    it('refuses the newest run of a full key', async () => {
      await boot()
      const one = gate('n1')
      const first = await start('refusing', { customer: 'x', gate: 'n1' })
      const outcome = await engine.start({ org: ORG, workflow: 'refusing', input: { customer: 'x', gate: 'n1' } })
      expect(outcome.type).toBe('refused')
      one.open()
      expect((await end(first)).status).toBe('succeeded')
    })

    it('lets only the last of a burst run', async () => {
      await boot()
      const runs = []
      for (const value of [1, 2, 3]) runs.push(await start('settled', { id: 'a', value }))
      expect((await end(runs[2] ?? '')).output).toBe(3)
      expect(new Set(runs).size).toBe(1)
    })

    it('starts once for a dedupe key', async () => {
      await boot()
      const dedupe = { key: 'order-1', windowMs: 60_000 }
      const first = await start('five', 1, { dedupe })
      const again = await engine.start({ org: ORG, workflow: 'five', input: 1, dedupe })
      expect(again).toEqual({ type: 'existing', run: first })
      await end(first)
    })

    it('starts once for a run id that the caller chose', async () => {
      await boot()
      const runId = uuid7(Date.now(), Buffer.from(randomUUID()))
      await Promise.all([start('five', 1, { runId }), start('five', 1, { runId })])
      await end(runId)
      expect(of(runId, 'add')).toHaveLength(5)
    })

    it('starts no sooner than asked', async () => {
      await boot()
      const at = engine.now() + 150
      const run = await start('five', 1, { at })
      expect((await engine.why(ORG, run)).state).toBe('waiting')
      await end(run)
      expect((await rows(run))[0]?.at).toBeGreaterThanOrEqual(at)
    })

    it('begins the clock of a run that was put off at its time', async () => {
      await boot()
      const at = Math.ceil(engine.now()) + 300
      expect(await end(await start('timed', null, { at }))).toMatchObject({ output: at })
    })

    it('carries payloads of any size', async () => {
      await boot()
      expect((await go('big', 300_000)).output).toBe(300_000)
    })

    it('blocks a run whose step nobody has, and goes on after a deploy', async () => {
      await boot({ work: false })
      const names = stepRegistry()
      const lacking = await engine.work({ steps: { find: (step) => (step === 'add' ? undefined : names.find(step)), names: () => [] } })
      const run = await start('five', 1)
      expect(await state(run, 'blocked')).toMatchObject({ summary: expect.stringContaining('"add"') })
      await lacking.stop()
      const second = process(facts)
      await second.work({ steps: names })
      await engine.resume(ORG, run)
      expect((await end(run)).output).toBe(6)
    })

    it('blocks a run that its version cannot replay, and goes on with one that can', async () => {
      await boot()
      const run = await start('pair', null)
      await state(run, 'waiting')
      await engine.signal(ORG, run, 'a', 1)
      await until(
        () => rows(run),
        (found) => found.length === 1,
      )
      const findings = []
      for await (const finding of engine.checkDeploy(ORG, other)) findings.push(finding)
      expect(findings).toMatchObject([{ run, ok: false }])
      await engine.deploy(ORG, other)
      await state(run, 'waiting')
      await engine.signal(ORG, run, 'b', 2)
      expect((await end(run)).output).toEqual([1, 2])
    })

    it('blocks workflow code that waits for nothing', async () => {
      await boot()
      const run = await start('stuck', null)
      expect((await state(run, 'blocked')).summary).toMatch(/never go on/)
      await engine.cancel(ORG, run, 'hopeless')
      expect((await end(run)).status).toBe('cancelled')
    })

    it('blocks workflow code that does not yield, and its neighbours go on', async () => {
      await boot()
      const run = await start('spinning', null)
      const neighbour = await start('pair', null)
      await state(run, 'blocked')
      await engine.signal(ORG, neighbour, 'a', 1)
      await engine.signal(ORG, neighbour, 'b', 2)
      expect((await end(neighbour)).status).toBe('succeeded')
      await engine.cancel(ORG, run, 'hopeless')
    })

    it('survives the loss of its registration: steps are recorded once, the run ends', async () => {
      await boot()
      const at = gate('lost')
      const run = await start('careful', 'lost')
      await at.reached.promise
      await engine.store.retire(worker.id)
      at.open()
      await until(
        () => of(run, 'gated').length,
        (times) => times === 2,
      )
      await state(run, 'waiting')
      await engine.cancel(ORG, run, 'enough')
      expect((await end(run)).status).toBe('cancelled')
      expect((await rows(run)).filter((row) => row.name === 'gated')).toHaveLength(1)
      expect(facts.some((fact) => fact.type === 'lost')).toBe(true)
    })

    it('is taken over by another process when its worker goes silent', async () => {
      await boot()
      const run = await start('pair', null)
      await engine.signal(ORG, run, 'a', 1)
      const second = process([])
      await second.work({ steps: stepRegistry() })
      await worker.stop()
      await engine.signal(ORG, run, 'b', 2)
      expect((await end(run)).output).toEqual([1, 2])
    })

    it('starts runs when its own worker has stopped, for others to take', async () => {
      await boot()
      await worker.stop()
      await process([]).work({ steps: stepRegistry() })
      expect(await go('five', 1)).toMatchObject({ status: 'succeeded', output: 6 })
    })

    it('names what it cannot start', async () => {
      await boot()
      expect(await engine.start({ org: ORG, workflow: 'nothing', input: null })).toEqual({ type: 'no_such_workflow', workflow: 'nothing' })
      expect(await engine.start({ org: ORG, workflow: 'five', version: 'ff', input: null })).toMatchObject({ type: 'no_such_version' })
      const strict = await buildBundle({ entries: [`${here}fixtures/strict.ts`], root: here })
      await engine.deploy(ORG, strict)
      expect(await engine.start({ org: ORG, workflow: 'strict', input: { n: 'one' } })).toMatchObject({
        type: 'invalid_input',
        issues: [{ path: 'n' }],
      })
      expect((await go('strict', { n: 1 })).output).toBe(1)
    })
  })
}
