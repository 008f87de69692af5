/**
 * Goal: what a run may do comes from the host that started it, and nothing that callers or workflows control makes it wider; and workflows
 * of the host start and continue for the host alone.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { BuiltBundle } from '../../api.ts'
import { buildBundle } from '../../bundle/build-bundle.ts'
import type { RunId } from '../../store/store.ts'
import type { Authority, Json } from '../../workflow/protocol.ts'
import type { StepContext } from '../../workflow/step.ts'
import type { StepImplementation } from '../../workflow/step-source.ts'
import { InternalWorkflow } from '../engine/run-control.ts'
import type { EngineTests } from './use-engine.fixture.ts'

const mail: Authority = { scopes: ['mail:send'], grants: { crm: ['crm:read', 'mail:send'] } }
const nothing: Authority = { scopes: [], grants: {} }

/** The runs that have called the step. */
const acting: RunId[] = []

const reportScopes = {
  name: 'reportScopes',
  transactional: false,
  body: (_input: never, { runId, scopes }: StepContext) => {
    acting.push(runId)
    return scopes
  },
  retry: { maxAttempts: 1, initialMs: 1, factor: 1, incrementMs: 0, maxMs: 1, jitter: 'none', nonRetryable: [] },
  timeoutMs: null,
  heartbeatTimeoutMs: null,
} satisfies StepImplementation

export function describeAuthority(t: EngineTests): void {
  describe('authority', () => {
    const { go, end, start, state } = t
    let host: BuiltBundle
    let mixed: BuiltBundle
    beforeAll(async () => {
      const build = (name: string) => buildBundle({ entries: [`${t.folder}fixtures/${name}.ts`], root: t.folder })
      ;[host, mixed] = await Promise.all([build('internal'), build('mixed')])
    })

    /** The organization has the host's bundle; and the mixed one as the default of everything in it, as an old server could store it. */
    const boot = async (): Promise<void> => {
      await t.boot({ work: false })
      await t.engine.saveBundle(t.org, host)
      await t.engine.saveBundle(t.org, mixed)
      for (const { name } of mixed.manifest.workflows) await t.engine.store.setDefault(t.org, name, mixed.hash)
      const steps = { find: (name: string) => (name === 'reportScopes' ? reportScopes : undefined), names: () => ['reportScopes'] }
      t.worker = await t.engine.work({ steps })
    }
    const byHost = (workflow: string, input: Json, authority = mail): Promise<RunId> =>
      start(workflow, input, { version: host.hash, authority })
    const authorityOf = async (run: RunId) => (await t.engine.store.run(t.org, run))?.authority

    it('workflow and steps see the scopes of the run', async () => {
      await boot()
      const run = await byHost('internal.asked', null)
      expect(await end(run)).toMatchObject({ output: { code: 'own', known: ['mail:send'], acting: ['mail:send'] } })
      expect(await authorityOf(run)).toEqual(mail)
      expect(await go('guest', null)).toMatchObject({ output: { known: [], acting: [] } })
    })

    it.each([
      ['inherits the authority', { workflow: 'internal.asked' }, ['mail:send']],
      ['adds a grant that it is started under', { workflow: 'internal.asked', assume: 'crm' }, ['mail:send', 'crm:read']],
      ['adds nothing for an unknown grant', { workflow: 'internal.asked', assume: 'constructor' }, ['mail:send']],
      ["of a user's workflow inherits the scopes", { workflow: 'guest' }, ['mail:send']],
      ["of a user's workflow assumes no grant", { workflow: 'guest', assume: 'crm' }, ['mail:send']],
    ])('a child %s', async (_, favour, scopes) => {
      await boot()
      expect(await end(await byHost('internal.asking', favour))).toMatchObject({ output: { known: scopes, acting: scopes } })
    })

    it('grants end with the workflows of the host', async () => {
      await boot()
      acting.length = 0
      await end(await byHost('internal.asking', { workflow: 'guest', assume: 'crm' }))
      await end(await byHost('internal.asking', { workflow: 'internal.asked', assume: 'crm' }))
      const [guest = '', own = ''] = acting
      expect(await authorityOf(guest)).toEqual({ scopes: ['mail:send'], grants: {} })
      expect(await authorityOf(own)).toEqual({ ...mail, scopes: ['mail:send', 'crm:read'] })
    })

    it('a generation, a retry and a fork have the authority of their source', async () => {
      await boot()
      expect(await end(await byHost('internal.again', 2))).toMatchObject({ output: ['mail:send'] })
      const source = await byHost('internal.failing', null)
      await end(source)
      for (const copy of [await t.engine.retry(t.org, source), await t.engine.fork(t.org, source, 1)]) {
        expect(await authorityOf(copy?.run ?? '')).toEqual(mail)
        expect(await end(copy?.run ?? '')).toMatchObject({ status: 'failed', error: { message: 'mail:send' } })
      }
    })

    it('a start with an id or a key that exists changes nothing', async () => {
      await boot()
      const runId = await byHost('internal.asked', null, nothing)
      const again = await t.engine.start({
        org: t.org,
        workflow: 'internal.asked',
        version: host.hash,
        input: null,
        authority: mail,
        runId,
      })
      expect(again).toMatchObject({ run: runId })
      const dedupe = { key: 'k', windowMs: 60_000 }
      const first = await start('internal.waiting', null, { version: host.hash, authority: nothing, dedupe })
      expect(await start('internal.waiting', null, { version: host.hash, authority: mail, dedupe })).toBe(first)
      for (const run of [runId, first]) expect(await authorityOf(run)).toEqual(nothing)
    })

    it('does not start an internal workflow that comes without an authority', async () => {
      await boot()
      const refused = { type: 'no_such_workflow', workflow: 'internal.asked' }
      const request = { org: t.org, workflow: 'internal.asked', input: null }
      for (const version of [{}, { version: host.hash }, { version: mixed.hash }])
        expect(await t.engine.start({ ...request, ...version })).toEqual(refused)
      const keyed = { ...request, version: host.hash, dedupe: { key: 'k', windowMs: 1000 }, at: Date.now() + 60_000 }
      expect(await t.engine.start(keyed)).toEqual(refused)
    })

    it.each([
      ['a named version', 'host', false],
      ['a named version, detached', 'host', true],
      ['its own version', 'mixed', false],
      ['its own version by default', null, false],
      ['its own version by default, detached', null, true],
    ])("does not start an internal workflow as the child of a user's: %s", async (_, named, isDetached) => {
      await boot()
      const version = named === 'host' ? host.hash : named === 'mixed' ? mixed.hash : null
      const error = { name: 'ChildFailedError', message: expect.stringContaining('there is no workflow named "internal.asked"') }
      const theft = { workflow: 'internal.asked', version, isDetached, assume: 'crm' }
      expect(await go('thief', theft)).toMatchObject({ status: 'failed', error })
      // Nor if the parent has an authority.
      expect(await end(await start('thief', theft, { authority: mail }))).toMatchObject({ status: 'failed', error })
    })

    it('deploys no internal workflow', async () => {
      await boot()
      for (const bundle of [host, mixed]) await expect(t.engine.deploy(t.org, bundle)).rejects.toThrow(InternalWorkflow)
    })

    it("continues a run of an internal workflow in the host's bundles only", async () => {
      await boot()
      const failed = await byHost('internal.failing', null)
      await end(failed)
      const paused = await byHost('internal.waiting', null)
      await state(paused, 'waiting')
      await t.engine.pause(t.org, paused)
      for (const version of [mixed.hash, t.bundle.hash, 'f'.repeat(64)]) {
        await expect(t.engine.retry(t.org, failed, { version })).rejects.toThrow(InternalWorkflow)
        await expect(t.engine.fork(t.org, failed, 1, { version })).rejects.toThrow(InternalWorkflow)
        await expect(t.engine.resume(t.org, paused, { version })).rejects.toThrow(InternalWorkflow)
      }
      const retried = await t.engine.retry(t.org, failed, { version: host.hash })
      expect(await end(retried?.run ?? '')).toMatchObject({ error: { message: 'mail:send' } })
    })
  })
}
