/**
 * Goal: children start once, report to their parents, and are closed as declared when their parents end. Some tests slow the store down or
 * hand the parent to a second process.
 */
import { describe, expect, it } from 'vitest'
import type { RunId, Store } from '../../store/store.ts'
import type { Json } from '../../workflow/protocol.ts'
import { stepRegistry } from '../../workflow/step-registry.ts'
import { effects, gate, type Leaving } from '../fixtures/workflows.ts'
import type { EngineTests } from './use-engine.fixture.ts'

export function describeChildren(t: EngineTests): void {
  describe('children', () => {
    const { boot, process, start, end, go, until, state, rows, of } = t

    /** The only live run of "pair". */
    const theChild = async (): Promise<RunId> => {
      const [child] = await until(
        () => t.engine.store.liveRuns(t.org, 'pair', null, 10),
        (live) => live.length === 1,
      )
      return child?.run ?? ''
    }

    /** Whether a run has been asked to stop. Reads the inbox first, because a message leaves the inbox together with its journal row. */
    const isCancelled = async (run: RunId): Promise<boolean> => {
      const unread = (await t.engine.store.inbox(t.org, run))?.messages ?? []
      return [...unread, ...(await rows(run))].some(({ kind }) => kind === 'cancel')
    }

    /** Starts a run of "leaver" and waits until its child waits. */
    const startLeaver = async (leaving: Omit<Leaving, 'gate'>) => {
      await boot()
      const at = gate('leave')
      const run = await start('leaver', { ...leaving, gate: 'leave' })
      await at.reached.promise
      const child = await theChild()
      await state(child, 'waiting')
      return { run, child, at }
    }

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

    it('begins a child once when another process takes over a parent with an empty journal', async () => {
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

    it('a run ends only after its detached children are started', async () => {
      await boot()
      expect(await go('launcher', null)).toMatchObject({ status: 'succeeded', output: 'gone' })
      await until(
        () => effects.filter(({ step }) => step === 'add'),
        (added) => added.length === 5,
      )
    })

    it('reports to a parent that the key of its child is taken', async () => {
      await boot()
      expect(await go('sharer', null)).toMatchObject({ output: [6, expect.stringContaining('its key is held by run')] })
    })

    it('starts a child in the requested version, else in the version of its parent', async () => {
      await boot()
      await t.engine.store.saveBundle(t.org, t.changed.hash, t.changed.code, JSON.stringify(t.changed.manifest))
      expect(await end(await start('elder', null))).toMatchObject({ output: 'own' })
      expect(await end(await start('elder', t.changed.hash))).toMatchObject({ output: 'changed' })
      expect(await end(await start('elder', 'f'.repeat(64)))).toMatchObject({ error: { name: 'ChildFailedError' } })
    })

    it.each([
      ['returns', null, 'succeeded'],
      ['returns', 'cancel', 'succeeded'],
      ['returns', 'terminate', 'succeeded'],
      ['throws', 'cancel', 'failed'],
      ['throws', 'terminate', 'failed'],
    ] as const)('cancels a child whose parent %s (parentClose %s)', async (does, close, status) => {
      const { run, child, at } = await startLeaver({ does, close })
      at.open()
      expect(await end(run)).toMatchObject({ status })
      expect(await end(child)).toMatchObject({ status: 'cancelled' })
    })

    it.each(['cancel', 'terminate'] as const)('cancels a child whose parent is cancelled (parentClose %s)', async (close) => {
      const { run, child, at } = await startLeaver({ does: 'waits', close })
      at.open()
      await state(run, 'waiting')
      await t.engine.cancel(t.org, run, 'not wanted')
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(await end(child)).toMatchObject({ status: 'cancelled' })
    })

    it('cancels a child whose parent times out', async () => {
      await boot()
      gate('leave').open()
      const run = await start('leaver', { does: 'waits', close: 'cancel', gate: 'leave' }, { timeoutMs: 300 })
      expect(await end(run)).toMatchObject({ status: 'timed_out' })
      await until(
        () => t.engine.store.liveRuns(t.org, 'pair', null, 10),
        (live) => live.length === 0,
      )
      // On a busy machine the timeout may pass before the child is started.
      const ofChildren = t.facts.filter((fact) => 'workflow' in fact && fact.workflow === 'pair')
      const started = ofChildren.filter(({ type }) => type === 'started')
      const finished = await until(
        async () => t.facts.filter((fact) => fact.type === 'finished' && fact.workflow === 'pair'),
        (found) => found.length === started.length,
      )
      expect(finished).toEqual(started.map(() => expect.objectContaining({ status: 'cancelled' })))
    })

    it('cancels a child that its cancelled parent waits for', async () => {
      await boot()
      const run = await start('warden', null)
      const [child] = await until(
        () => t.engine.store.liveRuns(t.org, 'watchful', null, 10),
        ([live]) => live?.state === 'waiting',
      )
      await state(run, 'waiting')
      await t.engine.cancel(t.org, run, 'not wanted')
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(await end(child?.run ?? '')).toMatchObject({ status: 'cancelled' })
    })

    it('cancels a child whose parent is cancelled just after another process took it over', async () => {
      const { run, child, at } = await startLeaver({ does: 'waits', close: 'cancel' })
      at.open()
      await state(run, 'waiting')
      await t.worker.stop()
      await t.engine.cancel(t.org, run, 'not wanted')
      // The second process reads the cancellation before it knows whether the child exists.
      const slow = (store: Store): Store => ({ ...store, run: (...which) => turns().then(() => store.run(...which)) })
      await process([], slow).work({ steps: stepRegistry() })
      expect(await end(run)).toMatchObject({ status: 'cancelled' })
      expect(await end(child)).toMatchObject({ status: 'cancelled' })
    })

    /** Starts a run whose child is under a limit. The child starts only when `admit` is called; by then its parent has passed its step. */
    const startSlowly = async (workflow: string, input: Json) => {
      await boot({ work: false })
      const admission = Promise.withResolvers<void>()
      const asked = Promise.withResolvers<RunId>()
      const slow = (store: Store): Store => ({
        ...store,
        startAdmitted: async (request, tx) => {
          if (request.parent) {
            asked.resolve(request.run)
            await admission.promise
          }
          return store.startAdmitted(request, tx)
        },
      })
      await process([], slow).work({ steps: stepRegistry() })
      const run = await start(workflow, input)
      const child = await asked.promise
      const admit = async (): Promise<void> => {
        await until(
          () => rows(run),
          (found) => found.length === 1,
        )
        await turns()
        admission.resolve()
      }
      return { run, child, admit }
    }

    it('cancels a child that lost a race while its start was in progress', async () => {
      const at = gate('race')
      const { run, child, admit } = await startSlowly('landlord', 'race')
      at.open()
      await admit()
      expect(await end(child)).toMatchObject({ status: 'cancelled' })
      await t.engine.signal(t.org, run, 'go', 'on')
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'on' })
    })

    it('cancels a child whose parent ended while its start was in progress', async () => {
      const { run, child, admit } = await startSlowly('deserter', null)
      await admit()
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'gone' })
      expect(await end(child)).toMatchObject({ status: 'cancelled' })
    })

    it('cancels a child that lost a race while its parent continues', async () => {
      await boot()
      const at = gate('race')
      const run = await start('hurried', 'race')
      await at.reached.promise
      const child = await theChild()
      at.open()
      expect(await end(child)).toMatchObject({ status: 'cancelled' })
      await t.engine.signal(t.org, run, 'go', 'on')
      expect(await end(run)).toMatchObject({ status: 'succeeded', output: 'on' })
    })

    it.each(['returns', 'throws'] as const)('leaves an abandoned child running when its parent %s', async (does) => {
      const { run, child, at } = await startLeaver({ does, close: 'abandon' })
      at.open()
      await end(run)
      // Messages that a run sends at its end are written together with its result.
      expect(await isCancelled(child)).toBe(false)
      await t.engine.signal(t.org, child, 'a', 1)
      await t.engine.signal(t.org, child, 'b', 2)
      expect(await end(child)).toMatchObject({ status: 'succeeded', output: [1, 2] })
    })

    it('cancels a child whose parent is terminated', async () => {
      const { run, child, at } = await startLeaver({ does: 'waits', close: 'cancel' })
      at.open()
      await state(run, 'waiting')
      await t.engine.cancel(t.org, run, 'not wanted', { terminate: true })
      expect(await end(child)).toMatchObject({ status: 'cancelled' })
    })

    it('fails a child that needs a limit which its parent holds, instead of waiting forever', async () => {
      await boot()
      const ended = await go('landlady', 1)
      expect(ended.output).toBe(
        `ChildFailedError: child landlady failed: limit "workflow:landlady" is held by run ${ended.run}, which does not end before this child does, so the child could never start`,
      )
      await t.engine.setLimit(t.org, 'workflow:landlady', 2)
      expect(await go('landlady', 1)).toMatchObject({ output: 'admitted' })
      expect((await go('landlady', 2)).output).toMatch(/could never start$/)
    })

    it('names the run that holds the limit of a gated run', async () => {
      await boot()
      const first = await start('lodger', null)
      await state(first, 'waiting')
      const second = await start('lodger', null)
      expect((await t.engine.why(t.org, second)).summary).toBe(`It waits for limit "workflow:lodger", which is held by ${first}.`)
      for (const run of [first, second]) await t.engine.signal(t.org, run, 'go', null)
      await end(second)
    })

    it('cancels a child of an earlier generation when its parent ends', async () => {
      await boot()
      const at = gate('forget')
      const run = await start('forgetful', 'forget')
      await at.reached.promise
      const child = await theChild()
      await state(child, 'waiting')
      at.open()
      expect(await end(run)).toMatchObject({ output: 'ended' })
      expect(await end(child)).toMatchObject({ status: 'cancelled' })
    })

    it('starts a child under a limit only once everything its parent saw is durable', async () => {
      await boot({ work: false })
      const durable: string[][] = []
      const slow = (store: Store): Store => ({
        ...store,
        // By now, a start that did not wait for the commit would have happened.
        flush: async (batch) => {
          await turns()
          return store.flush(batch)
        },
        startAdmitted: async (request, tx) => {
          if (request.parent) durable.push((await store.history(t.org, request.parent.run, 0)).map(({ output }) => output ?? ''))
          return store.startAdmitted(request, tx)
        },
      })
      await process([], slow).work({ steps: stepRegistry() })
      const ended = await go('host', 1)
      expect(ended).toMatchObject({ status: 'succeeded', output: 7 })
      expect(durable).toEqual([(await rows(ended.run)).slice(0, 2).map(({ output }) => output)])
    })
  })
}

/** More turns of the event loop than the reaction to an outcome takes. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}
