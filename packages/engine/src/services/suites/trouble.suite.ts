import { describe, expect, it } from 'vitest'
import { stepRegistry } from '../../workflow/step-registry.ts'
import { gate } from '../fixtures/workflows.ts'
import type { EngineTests } from './use-engine.fixture.ts'

/** Runs that cannot go on, and workers that are lost. */
export function describeTrouble(t: EngineTests): void {
  describe('what befalls a run', () => {
    const { boot, process, start, end, go, until, state, rows, of } = t

    it('blocks a run whose step nobody has, and goes on after a deploy', async () => {
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

    it('blocks a run that its version cannot replay, and goes on with one that can', async () => {
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

    it('blocks workflow code that waits for nothing', async () => {
      await boot()
      const run = await start('stuck', null)
      expect((await state(run, 'blocked')).summary).toMatch(/never go on/)
      await t.engine.cancel(t.org, run, 'hopeless')
      expect((await end(run)).status).toBe('cancelled')
    })

    it('blocks workflow code that does not yield, and its neighbours go on', async () => {
      await boot()
      const run = await start('spinning', null)
      const neighbour = await start('pair', null)
      await state(run, 'blocked')
      await t.engine.signal(t.org, neighbour, 'a', 1)
      await t.engine.signal(t.org, neighbour, 'b', 2)
      expect((await end(neighbour)).status).toBe('succeeded')
      await t.engine.cancel(t.org, run, 'hopeless')
    })

    it('survives the loss of its registration: steps are recorded once, the run ends', async () => {
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

    it('is taken over by another process when its worker goes silent', async () => {
      await boot()
      const run = await start('pair', null)
      await t.engine.signal(t.org, run, 'a', 1)
      const second = process([])
      await second.work({ steps: stepRegistry() })
      await t.worker.stop()
      await t.engine.signal(t.org, run, 'b', 2)
      expect((await end(run)).output).toEqual([1, 2])
    })

    it('starts runs when its own worker has stopped, for others to take', async () => {
      await boot()
      await t.worker.stop()
      await process([]).work({ steps: stepRegistry() })
      expect(await go('five', 1)).toMatchObject({ status: 'succeeded', output: 6 })
    })
  })
}
