/**
 * Goal: runs survive lost workers and registrations, and block with a reason when they cannot continue. Uses short leases and a second
 * process.
 */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Store, WorkerId } from '../../store/store.ts'
import { Refused } from '../../store/store-errors.ts'
import { stepRegistry } from '../../workflow/step-registry.ts'
import { gate } from '../fixtures/workflows.ts'
import type { EngineFact } from '../observe.ts'
import type { EngineTests } from './use-engine.fixture.ts'

/** Shorter than the time between two beats, so that a busy worker counts as dead. */
const SHORT_LEASE_MS = 20

/** Registers a worker that takes no runs by itself. */
async function register(store: Store): Promise<WorkerId> {
  return (await store.register({ host: 'test', pid: 1, version: '0', queues: [], slots: 1, steps: [], orgs: null })).worker
}

export function describeTrouble(t: EngineTests): void {
  describe('lost workers and blocked runs', () => {
    const { boot, process, start, end, go, until, state, rows, of } = t

    it('blocks a run whose step no worker has, and continues it after a deploy', async () => {
      await boot({ work: false })
      const names = stepRegistry()
      const lacking = await t.engine.work({ steps: { find: (step) => (step === 'add' ? undefined : names.find(step)), names: () => [] } })
      const run = await start('five', 1)
      expect(await state(run, 'blocked')).toMatchObject({ summary: expect.stringContaining('"add"') })
      await lacking.stop()
      const second = process(t.facts)
      await second.work({ steps: names })
      await t.engine.resume(t.org, run)
      expect((await end(run)).output).toBe(6)
    })

    it('blocks a run that its version cannot replay, and continues it with a version that can', async () => {
      await boot()
      const run = await start('pair', null)
      await state(run, 'waiting')
      await t.engine.signal(t.org, run, 'a', 1)
      await until(
        () => rows(run),
        (found) => found.length === 1,
      )
      const findings = []
      for await (const finding of t.engine.checkDeploy(t.org, t.changed)) findings.push(finding)
      expect(findings).toMatchObject([{ run, ok: false }])
      await t.engine.deploy(t.org, t.changed)
      await state(run, 'waiting')
      await t.engine.signal(t.org, run, 'b', 2)
      expect((await end(run)).output).toEqual([1, 2])
    })

    it('blocks a run whose stored version cannot be loaded any more', async () => {
      await boot()
      // Older servers stored bundles that later ones refuse to load.
      const code = 'globalThis.old = async () => {}'
      await t.engine.saveBundle(t.org, { ...t.bundle, hash: 'old', code })
      const run = await start('stuck', null, { version: 'old' })
      expect((await state(run, 'blocked')).summary).toMatch(/must not hold async functions/)
      expect((await go('five', 1)).output).toBe(6)
    })

    it('blocks workflow code that waits for nothing', async () => {
      await boot()
      const run = await start('stuck', null)
      expect((await state(run, 'blocked')).summary).toMatch(/never continue/)
      await t.engine.cancel(t.org, run, 'hopeless')
      expect((await end(run)).status).toBe('cancelled')
    })

    it.each(['signal', 'child', 'patch', 'queue', 'tags', 'dedupeKey', 'version'])(
      'fails a run that uses a name with a NUL: %s',
      async (which) => {
        await boot()
        expect(await go('namer', which)).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('without NUL') } })
      },
    )

    it.each([
      ['result', 'the output of unwritten'],
      ['step', 'the output of step "countless"'],
      ['argument', 'the input of add'],
      ['child', 'the input of five'],
      ['generation', 'the input of continueAsNew'],
    ])('fails a run at once, and names the place, if JSON cannot carry a value: %s', async (which, subject) => {
      await boot()
      const { run, status, error } = await go('unwritten', which)
      expect(status).toBe('failed')
      expect(error?.message).toContain(`${subject} cannot be written as JSON: items[1].id is a bigint`)
      expect(of(run, 'countless')).toHaveLength(which === 'step' ? 1 : 0)
    })

    it('refuses a start and a signal whose value JSON cannot carry, and names the place', async () => {
      await boot()
      const odd = { items: [1n] } as never
      await expect(start('five', odd)).rejects.toThrow('the input of five cannot be written as JSON: items[0] is a bigint')
      const run = await start('pair', null)
      await expect(t.engine.signal(t.org, run, 'a', odd)).rejects.toThrow('the payload of signal a cannot be written as JSON: items[0] is')
      for (const name of ['a', 'b']) await t.engine.signal(t.org, run, name, 1)
      await end(run)
    })

    it.each([
      ['journal', 'five', 1],
      ['finishes', 'five', 1],
      ['parks', 'pair', null],
      ['starts', 'parent', 1],
    ] as const)('blocks a run whose %s the store refuses, and continues it when resumed', async (part, workflow, input) => {
      await boot({ work: false })
      let isRefusing = true
      const picky = (store: Store): Store => ({
        ...store,
        flush: async (batch) => {
          const isMine = batch[part].some(
            (row) => row.org === t.org && !('state' in row && (row.state === 'blocked' || row.state === 'ready')),
          )
          if (isRefusing && batch.worker !== null && isMine) throw new Refused('not this')
          return store.flush(batch)
        },
      })
      const run = await start(workflow, input)
      await process([], picky).work({ steps: stepRegistry() })
      expect((await state(run, 'blocked')).summary).toContain('not this')
      isRefusing = false
      await t.engine.resume(t.org, run)
      if (workflow === 'pair') for (const name of ['a', 'b']) await t.engine.signal(t.org, run, name, 1)
      expect(await end(run)).toMatchObject({ status: 'succeeded' })
    })

    it('reports a run as blocked once, when that is durable', async () => {
      await boot({ work: false })
      let isFirst = true
      const fenced = (store: Store): Store => ({
        ...store,
        flush: async (batch) => {
          if (isFirst && batch.worker !== null && batch.parks.some((park) => park.state === 'blocked')) {
            isFirst = false
            await store.retire(batch.worker)
          }
          return store.flush(batch)
        },
      })
      const facts: EngineFact[] = []
      await process(facts, fenced).work({ steps: stepRegistry() })
      const run = await start('stuck', null)
      await state(run, 'blocked')
      await until(
        () => facts.filter(({ type }) => type === 'parked').length,
        (parked) => parked === 1,
      )
      expect(facts.filter(({ type }) => type === 'lost')).not.toEqual([])
      expect(facts.filter(({ type }) => type === 'blocked')).toMatchObject([{ run }])
    })

    it('blocks workflow code that does not yield, while other runs of its bundle continue', async () => {
      await boot()
      const run = await start('spinning', null)
      const neighbour = await start('pair', null)
      await state(run, 'blocked')
      await t.engine.signal(t.org, neighbour, 'a', 1)
      await t.engine.signal(t.org, neighbour, 'b', 2)
      expect((await end(neighbour)).status).toBe('succeeded')
      await t.engine.cancel(t.org, run, 'hopeless')
    })

    it('a run whose worker loses its registration ends, and each of its steps is recorded once', async () => {
      await boot()
      const at = gate('lost')
      const run = await start('careful', 'lost')
      await at.reached.promise
      await t.engine.store.retire(t.worker.id)
      at.open()
      await until(
        () => of(run, 'gated').length,
        (times) => times === 2,
      )
      await state(run, 'waiting')
      await t.engine.cancel(t.org, run, 'enough')
      expect((await end(run)).status).toBe('cancelled')
      expect((await rows(run)).filter((row) => row.name === 'gated')).toHaveLength(1)
      expect(t.facts.some((fact) => fact.type === 'lost')).toBe(true)
    })

    it('another process takes over the runs of a silent worker', async () => {
      await boot()
      const run = await start('pair', null)
      await t.engine.signal(t.org, run, 'a', 1)
      const second = process([])
      await second.work({ steps: stepRegistry() })
      await t.worker.stop()
      await t.engine.signal(t.org, run, 'b', 2)
      expect((await end(run)).output).toEqual([1, 2])
    })

    it('a run keeps its version in a new process after another version was deployed', async () => {
      await boot()
      const parked = await start('edition', null)
      await until(
        () => rows(parked),
        (found) => found.length === 1,
      )
      await t.worker.stop()
      const unbegun = await start('edition', null)
      const next = process([])
      await next.deploy(t.org, t.changed)
      await next.work({ steps: stepRegistry() })
      const later = await next.start({ org: t.org, workflow: 'edition', input: null })
      const runs = [parked, unbegun, 'run' in later ? later.run : '']
      for (const run of runs) await t.engine.signal(t.org, run, 'go', null)
      const outputs = await Promise.all(runs.map(async (run) => (await end(run)).output))
      expect(outputs).toEqual(['first edition', 'first edition', 'second edition'])
    })

    it('repeats the attempt of a lost worker under the same number, and counts every failed attempt', async () => {
      await boot()
      const at = gate('stubborn')
      const run = await start('insistent', 'stubborn')
      await at.reached.promise
      await t.engine.store.retire(t.worker.id)
      await until(
        () => of(run, 'stubborn').length,
        (begun) => begun === 3,
      )
      at.open()
      expect(await end(run)).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('attempt 3 failed') } })
      expect(of(run, 'stubborn').map(({ attempt }) => attempt)).toEqual([1, 2, 2, 3])
      expect((await rows(run)).map(({ kind, attempt }) => [kind, attempt])).toEqual([
        ['attempt', 1],
        ['attempt', 2],
        ['step', 3],
      ])
    })

    it('counts the attempts of a fork, though the clock of its worker is behind', async () => {
      await boot({ work: false })
      const source = await start('insistent', 'stubborn', { queue: 'other' })
      const forked = await t.engine.fork(t.org, source, 1)
      const run = forked?.run ?? ''
      await t.engine.cancel(t.org, source, 'only its fork is needed')
      const behind = (store: Store): Store => ({
        ...store,
        register: (info) => store.register(info).then((answer) => ({ ...answer, now: answer.now - 60_000 })),
        beat: (...beat) => store.beat(...beat).then((answer) => ({ ...answer, now: answer.now - 60_000 })),
      })
      const at = gate('stubborn')
      const worker = await process([], behind).work({ steps: stepRegistry(), queues: ['other'] })
      await at.reached.promise
      await t.engine.store.retire(worker.id)
      await until(
        () => of(run, 'stubborn').length,
        (begun) => begun === 3,
      )
      at.open()
      await end(run)
      expect(of(run, 'stubborn').map(({ attempt }) => attempt)).toEqual([1, 2, 2, 3])
    })

    it.each(['run', 'fork'])('another process observes the retry delay of the previous attempt of a %s', async (kind) => {
      await boot()
      const source = await start('delayed', null)
      await state(source, 'waiting')
      // A fork of more rows than there are has all rows of its source, whose attempts are not its own.
      const run = kind === 'run' ? source : ((await t.engine.fork(t.org, source, 50))?.run ?? '')
      await state(run, 'waiting')
      const { waits } = await t.engine.why(t.org, run)
      expect(waits).toMatchObject([{ type: 'retry', attempt: 2 }])
      await t.worker.stop()
      const facts: EngineFact[] = []
      await process(facts).work({ steps: stepRegistry() })
      await t.engine.signal(t.org, run, 'unexpected', null)
      await until(
        () => facts.filter(({ type }) => type === 'parked').length,
        (parked) => parked === 1,
      )
      expect((await t.engine.why(t.org, run)).waits).toEqual(waits)
      expect(of(run, 'unhurried')).toHaveLength(1)
      for (const each of new Set([source, run])) {
        await t.engine.cancel(t.org, each, 'enough')
        await end(each)
      }
    })

    it('blocks a run after six workers were lost with it, for a while, then until it is resumed', async () => {
      await boot({ work: false })
      const { store } = t.engine
      const at = gate('deadly')
      at.open()
      const run = await start('careful', 'deadly')
      const reaper = await register(store)
      // The waits are multiples of the lease; the longest is 720 leases.
      const beat = () => store.beat(reaper, { leaseMs: 5, queues: ['default'], idle: [] })
      let taker = ''
      /** Another worker takes the run, which waits longer after each loss, and is lost. */
      const lose = async (): Promise<void> => {
        await until(
          async () => {
            await beat()
            taker = await register(store)
            return (await store.claim({ worker: taker, queues: ['default'], orgs: [t.org], limit: 1 })).runs.length
          },
          (claimed) => claimed === 1,
        )
        await until(
          async () => {
            await beat()
            return (await store.live(t.org, run))?.state
          },
          (found) => found !== 'running',
        )
      }
      const states: string[] = []
      for (let lost = 1; lost <= 9; lost++) {
        await lose()
        states.push((await t.engine.why(t.org, run)).state)
        // The sixth was only silent.
        if (lost === 6) await store.retire(taker)
        if (lost === 6) states.push((await t.engine.why(t.org, run)).state)
      }
      expect(states).toEqual(['ready', 'waiting', 'waiting', 'waiting', 'waiting', 'blocked', 'ready', 'blocked', 'blocked', 'blocked'])
      expect((await t.engine.why(t.org, run)).summary).toMatch(/^8 workers were lost .* then resume it\.$/)
      await t.engine.resume(t.org, run)
      await t.engine.work({ steps: stepRegistry() })
      await state(run, 'waiting')
      expect((await t.engine.why(t.org, run)).facts).toMatchObject({ crashes: 0 })
    })

    it('a process that was silent and comes back was not lost', async () => {
      await boot({ work: false })
      const { store } = t.engine
      let isSilent = true
      const slow = (own: Store): Store => ({
        ...own,
        beat: (worker, request) => (isSilent ? Promise.reject(new Error('no answer')) : own.beat(worker, request)),
      })
      const at = gate('slow')
      await process([], slow).work({ steps: stepRegistry() })
      const run = await start('careful', 'slow')
      await at.reached.promise
      const reaper = await register(store)
      await until(
        async () => {
          await store.beat(reaper, { leaseMs: SHORT_LEASE_MS, queues: [], idle: [] })
          return (await store.live(t.org, run))?.crashes
        },
        (crashes) => crashes === 1,
      )
      isSilent = false
      await until(
        async () => (await store.live(t.org, run))?.crashes,
        (crashes) => crashes === 0,
      )
      at.open()
      await state(run, 'waiting')
    })

    it.each([
      ['careful', 'unread'],
      ['relay', 0],
    ])('begins no step again of a run that was cancelled before its worker was lost: %s', async (workflow, input) => {
      await boot({ work: false })
      let registered = 0
      // It reads no message, as if a body never returned, and does not come back.
      const hung = (own: Store): Store => ({
        ...own,
        inbox: () => new Promise(() => {}),
        register: (info) => (registered++ === 0 ? own.register(info) : new Promise(() => {})),
      })
      const at = gate(input === 0 ? 'relay' : 'unread')
      const worker = await process([], hung).work({ steps: stepRegistry() })
      const run = await start(workflow, input)
      await at.reached.promise
      await t.engine.cancel(t.org, run, 'enough')
      await t.engine.store.retire(worker.id)
      await t.engine.work({ steps: stepRegistry() })
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(of(run, 'gated')).toHaveLength(1)
    })

    it('a signal sent before the loss of a worker is received after the replay continues as new', async () => {
      await boot({ work: false })
      const { store } = t.engine
      const run = await start('renewed', false)
      const [lost, reaper] = [await register(store), await register(store)]
      await store.claim({ worker: lost, queues: ['default'], orgs: [t.org], limit: 1 })
      await t.engine.signal(t.org, run, 'go', 'on')
      await until(
        async () => {
          await store.beat(reaper, { leaseMs: SHORT_LEASE_MS, queues: [], idle: [] })
          return (await store.live(t.org, run))?.crashes
        },
        (crashes) => crashes === 1,
      )
      await t.engine.work({ steps: stepRegistry() })
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'on' })
    })

    it('receives a signal that came before its worker retired, though the run continues as new in its first turn', async () => {
      await boot({ work: false })
      const { store } = t.engine
      const run = await start('renewed', false)
      const worker = await register(store)
      await store.claim({ worker, queues: ['default'], orgs: [t.org], limit: 1 })
      await t.engine.signal(t.org, run, 'go', 'on')
      expect(await store.retire(worker)).toBe(1)
      expect(await store.live(t.org, run)).toMatchObject({ crashes: 0 })
      await t.engine.work({ steps: stepRegistry() })
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'on' })
    })

    it('a worker that may take a run hears of it from one that may not, and found it due', async () => {
      await boot({ work: false })
      await process([]).work({ steps: stepRegistry(), orgs: [randomUUID()] })
      // Its own beats report nothing, so that only the other worker's hint can wake it.
      const unaware = (store: Store): Store => ({
        ...store,
        beat: (...beat) => store.beat(...beat).then((answer) => ({ ...answer, ready: false, nextAt: null })),
      })
      const facts: EngineFact[] = []
      await process(facts, unaware).work({ steps: stepRegistry() })
      await until(
        () => facts.some(({ type }) => type === 'claimed'),
        (hasLooked) => hasLooked,
      )
      const run = await start('five', 1, { at: t.engine.now() + 500 })
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 6 })
    })

    it('an engine whose worker has stopped still starts runs, for other workers to claim', async () => {
      await boot()
      await t.worker.stop()
      await process([]).work({ steps: stepRegistry() })
      expect(await go('five', 1)).toMatchObject({ status: 'succeeded', output: 6 })
    })
  })
}
