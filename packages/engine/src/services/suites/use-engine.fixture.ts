import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { BuiltBundle, StartRequest, TransactionalEngine, Worker } from '../../api.ts'
import { buildBundle } from '../../bundle/build-bundle.ts'
import type { BundleHosts } from '../../sandbox/bundle-host.ts'
import type { FinalStatus, JournalRow, Notifier, OrgId, RunId, Store } from '../../store/store.ts'
import type { Failure, Json } from '../../workflow/protocol.ts'
import { stepRegistry } from '../../workflow/step-registry.ts'
import { createEngine } from '../engine/create-engine.ts'
import { effects } from '../fixtures/workflows.ts'
import type { EngineFact } from '../observe.ts'

export interface EngineBench {
  /** Connects a new process to the same database. */
  readonly connect: () => { store: Store; notifier: Notifier; hosts?: BundleHosts }
  readonly close: () => Promise<void>
}

export interface Ended {
  readonly run: RunId
  readonly status: FinalStatus
  readonly output: Json
  readonly error: Failure | null
}

const folder = fileURLToPath(new URL('..', import.meta.url))

/** The engine of a process, with its store. */
export type EngineOnStore = TransactionalEngine & { readonly store: Store }

/** Call it within `describe`: its hooks close everything that a test opened and check for invariant violations. */
export function useEngine(makeBench: () => Promise<EngineBench>): EngineTests {
  const t = new EngineTests()
  beforeAll(async () => {
    t.bench = await makeBench()
    t.bundle = await buildBundle({ entries: [`${folder}fixtures/workflows.ts`], root: folder })
    t.changed = await buildBundle({ entries: [`${folder}fixtures/changed.ts`], root: folder })
  })
  afterEach(async () => {
    const violations = await t.engine.store.violations()
    for (const each of t.open.splice(0)) await each.close()
    t.facts.length = 0
    effects.length = 0
    expect(violations).toEqual([])
  })
  afterAll(() => t.bench.close())
  return t
}

/** One engine for each test, in an organization of its own, so that all tests share a database. */
export class EngineTests {
  declare bench: EngineBench
  declare bundle: BuiltBundle
  /** A changed version of the workflows. */
  declare changed: BuiltBundle
  declare engine: EngineOnStore
  declare worker: Worker
  declare org: OrgId
  readonly folder = folder
  readonly facts: EngineFact[] = []
  readonly open: EngineOnStore[] = []

  /** `around` wraps the engine's store. */
  readonly process = (into: EngineFact[], around: (store: Store) => Store = (store) => store): EngineOnStore => {
    const connection = this.bench.connect()
    const store = around(connection.store)
    const isInternal = (workflow: string) => workflow.startsWith('internal.')
    const engine = createEngine({ ...connection, store, isInternal, observe: (fact) => into.push(fact), beatMs: 100, leaseMs: 1000 })
    const made = Object.assign(engine, { store })
    this.open.push(made)
    return made
  }

  readonly boot = async (options: { work?: boolean; slots?: number } = {}): Promise<void> => {
    this.org = randomUUID()
    this.engine = this.process(this.facts)
    await this.engine.deploy(this.org, this.bundle)
    if (options.work === false) return
    this.worker = await this.engine.work({ steps: stepRegistry(), ...(options.slots ? { slots: options.slots } : {}) })
  }

  readonly start = async (workflow: string, input: Json, more: Partial<StartRequest> = {}): Promise<RunId> => {
    const outcome = await this.engine.start({ org: this.org, workflow, input, ...more })
    if (!('run' in outcome)) throw new Error(`not started: ${JSON.stringify(outcome)}`)
    return outcome.run
  }

  readonly end = async (run: RunId): Promise<Ended> => {
    const answer = await this.engine.result(this.org, run, 15_000)
    if (answer === null) throw new Error(`run ${run} did not end: ${JSON.stringify(await this.engine.why(this.org, run))}`)
    const output = answer.output === null ? null : (JSON.parse(answer.output) as Json)
    return { run, status: answer.status, output, error: answer.error }
  }

  readonly go = async (workflow: string, input: Json, more: Partial<StartRequest> = {}): Promise<Ended> =>
    this.end(await this.start(workflow, input, more))

  readonly until = async <T>(probe: () => Promise<T> | T, good: (value: T) => boolean): Promise<T> => {
    const give = performance.now() + 10_000
    for (;;) {
      const value = await probe()
      if (good(value)) return value
      if (performance.now() > give) throw new Error(`still ${JSON.stringify(value)}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  readonly state = (run: RunId, wanted: string) =>
    this.until(
      () => this.engine.why(this.org, run),
      (why) => why.state === wanted,
    )
  readonly rows = (run: RunId): Promise<readonly JournalRow[]> => this.engine.store.history(this.org, run, 0)
  readonly of = (run: RunId, step: string) => effects.filter((effect) => effect.run === run && effect.step === step)
}
