/** The engine alone, as the benchmarks use it: with a real bundle, the real sandbox and events. */
import { type BundleHosts, createEngine, type Engine, type Observer, type OrgId, type RunId, type Worker } from '@orrery/engine'
import { loadProject } from '@orrery/engine/bundle'
import { createPostgresStore, engineMigrations, migrate } from '@orrery/engine/postgres'

export const ORG: OrgId = '01900000-0000-7000-8000-000000000001'
const RESULT_LIMIT_MS = 30_000

export interface Prepared {
  readonly bundle: string
}

export interface OpenedEngine {
  readonly engine: Engine
  readonly worker: Worker | null
  start(workflow: string, input: { readonly steps: number; readonly ms?: number }): Promise<RunId>
  /** Resolves when the run has ended. Rejects if it did not succeed. */
  finished(run: RunId): Promise<void>
  cancel(run: RunId): Promise<void>
  close(): Promise<void>
}

/** Migrates the database and deploys the bundle. Changes nothing in a database that is already prepared. */
export async function prepareEngine(database: string): Promise<Prepared> {
  await migrate(database, [engineMigrations])
  const { engine, close } = await openEngine({ database, role: 'client' })
  const { bundle } = await loadProject(import.meta.dirname)
  await engine.deploy(ORG, bundle)
  await close()
  return { bundle: bundle.hash }
}

export async function openEngine(options: {
  readonly database: string
  readonly role: 'both' | 'client' | 'worker'
  readonly slots?: number
  readonly observe?: Observer
  /** Where workflow code runs. Absent: in this process, as in the other benchmarks. */
  readonly hosts?: BundleHosts
}): Promise<OpenedEngine> {
  const { database, role, slots = 64, observe, hosts } = options
  const store = createPostgresStore({ url: database })
  const engine = createEngine({ store, notifier: store.notifier, ...(observe ? { observe } : {}), ...(hosts ? { hosts } : {}) })
  const worker = role === 'client' ? null : await engine.work({ slots, steps: (await loadProject(import.meta.dirname)).steps })
  return {
    engine,
    worker,
    async start(workflow, input) {
      const outcome = await engine.start({ org: ORG, workflow, input })
      if (outcome.type !== 'started') throw new Error(`the start was answered with ${JSON.stringify(outcome)}`)
      return outcome.run
    },
    async finished(run) {
      const answer = await engine.result(ORG, run, RESULT_LIMIT_MS)
      if (answer?.status !== 'succeeded') throw new Error(`run ${run} ended with ${JSON.stringify(answer)}`)
    },
    async cancel(run) {
      await engine.cancel(ORG, run, 'the benchmark is over')
    },
    close: () => engine.close(),
  }
}
