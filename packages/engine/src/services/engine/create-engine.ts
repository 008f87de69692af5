import type { BuiltBundle, TransactionalEngine } from '../../api.ts'
import type { OrgId } from '../../store/store.ts'
import { plainIds } from '../bundles/sandbox-cache.ts'
import { startRun, startRuns } from '../start/start-run.ts'
import { checkDeploy } from './check-deploy.ts'
import { assembleEngine, type EngineOptions, type EngineParts, startWorker } from './engine-parts.ts'
import { explainRun } from './explain-run.ts'
import { keepTime } from './keep-time.ts'
import { queryRun } from './query-run.ts'
import { cancelRun, forkFrom, InternalWorkflow, pauseRun, resumeRun, retryRun, signalRun } from './run-control.ts'

async function saveBundle<Tx>({ store, sandboxes }: EngineParts<Tx>, org: OrgId, bundle: BuiltBundle, tx?: Tx): Promise<void> {
  const { hash, code, manifest, map } = bundle
  await store.saveBundle(org, hash, code, JSON.stringify(manifest), map ?? null, tx)
  if (map !== undefined) sandboxes.remap(org, hash, map)
}

/** Makes the engine of one process. It can start and control runs at once; after `work` it also executes them. */
export function createEngine<Tx>(options: EngineOptions<Tx>): TransactionalEngine<Tx> {
  const parts = assembleEngine(options)
  const { store, clock, control, starts, results, hints, defaults } = parts
  return {
    now: () => clock.now(),
    keepTime: () => keepTime({ store, clock, isClosed: () => parts.isClosed }),

    start: (request, tx) => startRun(starts, request, tx),
    startMany: (requests, tx) => startRuns(starts, requests, tx),
    result: (org, run, timeoutMs) => results.wait(org, run, timeoutMs, parts.worker?.scope.active.has(run) ?? false),
    endWaits: () => results.stop(),

    signal: (org, run, name, payload, { id } = {}, tx) => signalRun(control, { org, run, name, payload, id }, tx),
    cancel: (org, run, reason, { terminate = false } = {}, tx) => cancelRun(control, { org, run, reason, terminate }, tx),
    pause: (org, run, tx) => pauseRun(control, org, run, tx),
    resume: (org, run, { version } = {}, tx) => resumeRun(control, org, run, version ?? null, tx),
    retry: (org, run, changes = {}, tx) => retryRun(control, org, run, changes, tx),
    fork: (org, run, fromSeq, changes = {}, tx) => forkFrom(control, { org, run, fromSeq }, changes, tx),
    query: (org, run, name, args) => queryRun(parts, org, run, name, args),
    why: (org, run) => explainRun(store, org, run, { now: clock.now(), ids: options.ids ?? plainIds }),

    describeBundle: (org, code) => parts.sandboxes.describe(org, code),
    async deploy(org, bundle, tx) {
      const { hash, manifest } = bundle
      for (const { name } of manifest.workflows) if (control.isInternal(name)) throw new InternalWorkflow(name)
      await saveBundle(parts, org, bundle, tx)
      for (const { name } of manifest.workflows) {
        await store.setDefault(org, name, hash, tx)
        defaults.forget(org, name)
      }
    },
    saveBundle: (org, bundle) => saveBundle(parts, org, bundle),
    checkDeploy: (org, bundle) => checkDeploy(parts, org, bundle),

    setLimit: (org, limit, max, tx) => store.setLimit(org, limit, max, tx),
    setQueuePaused: (org, queue, paused, tx) => store.setQueuePaused(org, queue, paused, tx),
    appendEvents: (events, tx) => store.emit(events, tx),
    deleteRuns: (org, runs, tx) => store.deleteRuns(org, runs, tx),
    async deleteEvents(org, events, tx) {
      if (store.deleteEvents === undefined) throw new Error('This store has no SQL')
      return store.deleteEvents(org, events, tx)
    },

    nudge(runs) {
      defaults.forgetAll()
      hints.announceCommit(runs)
    },
    announceDue: (at) => hints.send({ type: 'due', at }),

    work: (workOptions) => startWorker(parts, workOptions),
    async close() {
      parts.isClosed = true
      await parts.worker?.stop()
      parts.worker = null
      parts.sandboxes.close()
      await hints.close()
      await store.close()
    },
  }
}
