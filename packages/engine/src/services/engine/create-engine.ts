import { hostname } from 'node:os'
import type { BuiltBundle, Engine, RunAnswer, StartProblem, StartRequest, Worker, WorkOptions } from '../../api.ts'
import { type Clock, databaseClock, systemClock } from '../../clock.ts'
import { createSandbox } from '../../sandbox/create-sandbox.ts'
import {
  type AdmittedStart,
  Ambiguous,
  type DeliverOutcome,
  type Hint,
  type Notifier,
  type OrgId,
  type RunId,
  type StartOutcome,
  type Store,
} from '../../store/store.ts'
import { InputChecker } from '../bundles/input-checker.ts'
import { type IdFormat, SandboxCache, type SandboxMaker } from '../bundles/sandbox-cache.ts'
import { failpoint } from '../failpoints.ts'
import type { Batch } from '../flush/batch.ts'
import { Flusher } from '../flush/flusher.ts'
import { recoverStarts } from '../flush/recover-starts.ts'
import { type Observer, observeNothing } from '../observe.ts'
import { isPlain, limitsOf, startedEvent, toRunRow } from '../start/plan-start.ts'
import { type PlannedStart, startMany } from '../start/start-many.ts'
import { type PlainStart, type SubmitParts, submitStart } from '../start/submit-start.ts'
import { ANY, EngineWorker } from '../worker/worker.ts'
import { checkDeploy, explainRun, queryRun } from './look-into.ts'
import { Results } from './results.ts'
import { cancelRun, forkRun, newId, pauseRun, resumeRun, signalRun } from './run-control.ts'

export interface EngineOptions<Tx> {
  readonly store: Store<Tx>
  readonly notifier: Notifier
  readonly observe?: Observer
  /** Shown with the worker (`0.1.0`). */
  readonly version?: string
  /** A worker silent for this long is taken for dead. Default 5 s. */
  readonly leaseMs?: number
  /** Default 2 s. */
  readonly beatMs?: number
  /** Runs of which a flush beside another consists at least. Default 24. */
  readonly shareMin?: number
  readonly clock?: Clock
  readonly random?: () => number
  readonly makeSandbox?: SandboxMaker
  /** How ids are shown to workflows and steps; absent: as they are. */
  readonly ids?: IdFormat
}

const SANDBOX_TIMEOUT_MS = 2000
const RETRY_MS = 200

/** Makes the engine of one process. It can start and control runs at once; `work` makes it take them too. */
export function createEngine<Tx>(options: EngineOptions<Tx>): Engine<Tx> {
  return new ProcessEngine(options)
}

class ProcessEngine<Tx> implements Engine<Tx> {
  readonly store: Store<Tx>
  private readonly options: EngineOptions<Tx>
  private readonly clock: ReturnType<typeof databaseClock>
  private readonly random: () => number
  private readonly observe: Observer
  private readonly makeSandbox: SandboxMaker
  private readonly sandboxes: SandboxCache
  private readonly flusher: Flusher
  private readonly results: Results
  private readonly submitParts: SubmitParts
  private readonly unlisten: () => void
  private readonly defaults = new Map<string, { readonly hash: Promise<string | null>; readonly until: number }>()
  private readonly checker: InputChecker
  private worker: EngineWorker | null = null

  constructor(options: EngineOptions<Tx>) {
    this.options = options
    this.store = options.store
    this.clock = databaseClock(options.clock ?? systemClock)
    this.random = options.random ?? Math.random
    this.observe = options.observe ?? observeNothing
    this.makeSandbox = options.makeSandbox ?? ((code) => createSandbox(code, { timeoutMs: SANDBOX_TIMEOUT_MS }))
    this.sandboxes = new SandboxCache(options.store, this.makeSandbox, options.ids)
    this.checker = new InputChecker(this.clock, (bundle) => this.sandboxes.renew(bundle))
    this.results = new Results(options.store, this.clock)
    this.flusher = new Flusher({
      store: options.store,
      clock: this.clock,
      worker: () => this.worker?.id || null,
      shareMin: options.shareMin ?? 24,
      onLost: (cause, batches) => (this.worker ? this.worker.lost(cause, batches) : void this.recoverAlone(batches)),
      onRefused: (unit, refusal) => this.worker?.onRefused(unit, refusal),
      onFlushed: (result, batch, worker, tookMs) => {
        this.observe({ type: 'flushed', rows: batch.size, tookMs })
        if (batch.rows.events.length > 0) this.send({ type: 'events' })
        this.worker?.onFlushed(result, worker)
        if (!this.worker) for (const { queue } of result.readied) this.send({ type: 'ready', queue })
      },
    })
    this.submitParts = {
      flusher: this.flusher,
      observe: this.observe,
      worker: () => this.worker,
      tellReady: (queue) => this.tellReady(queue),
      tellDue: (at) => this.worker?.dueAt(at),
    }
    this.unlisten = options.notifier.listen((hint) => this.onHint(hint))
  }

  now(): number {
    return this.clock.now()
  }

  async start(request: StartRequest, tx?: Tx): Promise<StartOutcome | StartProblem> {
    const planned = await this.plan(request)
    if (planned.type !== 'planned') return planned
    const { row, limits, at } = planned
    failpoint('start.before')
    const companions = request.companions?.(row.run) ?? []
    if (tx === undefined && isPlain(limits)) {
      await new Promise<void>((resolve, reject) => {
        const done: PlainStart['done'] = (error) => (error ? reject(error) : resolve())
        submitStart(this.submitParts, { row, at, unit: row.run, local: request.runId === undefined, companions, done })
      })
      failpoint('start.after')
      return { type: 'started', run: row.run, state: at === null ? 'ready' : 'waiting', cancelled: [] }
    }
    const outcome = await this.startAdmitted({ ...row, ...limits, at, event: startedEvent(row) }, companions, tx)
    failpoint('start.after')
    return outcome
  }

  async startMany(requests: readonly StartRequest[], tx: Tx): Promise<readonly (StartOutcome | StartProblem)[]> {
    return startMany(this.store, await Promise.all(requests.map((request) => this.plan(request))), tx)
  }

  private async plan(request: StartRequest): Promise<PlannedStart | StartProblem> {
    const hash = request.version ?? (await this.defaultBundle(request.org, request.workflow))
    if (hash === null) return { type: 'no_such_workflow', workflow: request.workflow }
    const bundle = await this.sandboxes.load(request.org, hash)
    const manifest = bundle?.workflows.get(request.workflow)
    if (!bundle) return { type: 'no_such_version', workflow: request.workflow, version: hash }
    if (!manifest) return { type: 'no_such_workflow', workflow: request.workflow }
    const input = JSON.stringify(request.input)
    const issues = await this.checker.check(bundle, request.workflow, input)
    if (issues.length > 0) return { type: 'invalid_input', issues }
    const run = request.runId ?? newId({ now: () => this.now(), random: this.random })
    const row = toRunRow(request, { run, input, manifest, bundle: hash, parent: null, now: this.now() })
    const at = request.at !== undefined && request.at > this.now() ? request.at : null
    return { type: 'planned', row, at, limits: limitsOf(request, manifest) }
  }

  private async startAdmitted(start: AdmittedStart, companions: PlainStart['companions'], tx: Tx | undefined): Promise<StartOutcome> {
    const outcome = await this.store.startAdmitted(start, tx)
    if (tx === undefined) {
      // The run itself is durable already: without companions there is nothing to wait for.
      for (const companion of companions) this.flusher.add(start.run, 'companions', companion)
      if (companions.length > 0)
        await new Promise<void>((resolve, reject) => this.flusher.whenDurable(start.run, (error) => (error ? reject(error) : resolve())))
      this.tellStarted(outcome, start.queue)
    }
    return outcome
  }

  result(org: OrgId, run: RunId, timeoutMs: number): Promise<RunAnswer | null> {
    return this.results.wait(org, run, timeoutMs, this.worker?.scope.active.has(run) ?? false)
  }

  endWaits(): void {
    this.results.stop()
  }

  signal: Engine<Tx>['signal'] = (org, run, name, payload, options, tx) => signalRun(this.control, org, run, name, payload, options?.id, tx)
  cancel: Engine<Tx>['cancel'] = (org, run, reason, options, tx) =>
    cancelRun(this.control, org, run, reason, options?.terminate ?? false, tx)
  pause: Engine<Tx>['pause'] = (org, run, tx) => pauseRun(this.control, org, run, tx)
  resume: Engine<Tx>['resume'] = (org, run, options, tx) => resumeRun(this.control, org, run, options?.version, tx)
  query: Engine<Tx>['query'] = (org, run, name, args) => queryRun(this.store, this.sandboxes, org, run, name, args)
  why: Engine<Tx>['why'] = (org, run) => explainRun(this.store, org, run, this.now())

  retry: Engine<Tx>['retry'] = async (org, run, options = {}, tx) => {
    // In this order: until a run begins, another start of its debounce key may replace its input, and the rows to copy belong to the last.
    if ((await this.store.result(org, run)) === null) return null
    const source = await this.store.run(org, run)
    if (source === null) return null
    const rows = await this.store.history(org, run, 0)
    const failed = rows.findLast((row) => (row.kind === 'step' || row.kind === 'child') && row.error !== null)
    const end = (rows.at(-1)?.seq ?? 0) + 1
    const beforeSeq = failed ? failed.seq + (options.edits?.has(failed.cmd) ? 1 : 0) : end
    return forkRun(this.control, source, beforeSeq, 'retry', options, tx)
  }

  fork: Engine<Tx>['fork'] = async (org, run, fromSeq, options = {}, tx) => {
    // In this order, too: one without rows may yet get another input, whose rows must not be copied beside the one that is read.
    const isEmpty = (await this.store.live(org, run))?.nextSeq === 1
    const source = await this.store.run(org, run)
    return source === null ? null : forkRun(this.control, source, isEmpty ? 1 : fromSeq, 'fork', options, tx)
  }

  async deploy(org: OrgId, bundle: BuiltBundle, tx?: Tx): Promise<void> {
    await this.store.saveBundle(org, bundle.hash, bundle.code, JSON.stringify(bundle.manifest), tx)
    for (const workflow of bundle.manifest.workflows) {
      await this.store.setDefault(org, workflow.name, bundle.hash, tx)
      this.defaults.delete(`${org}/${workflow.name}`)
    }
  }

  checkDeploy(org: OrgId, bundle: BuiltBundle) {
    return checkDeploy(this.store, this.sandboxes, org, bundle)
  }

  nudge(runs: readonly RunId[]): void {
    for (const run of runs) {
      const active = this.worker?.scope.active.has(run)
      if (active) this.worker?.poke(run, this.worker.id)
      else this.send({ type: 'poke', worker: ANY, run })
    }
    this.defaults.clear()
    this.tellReady('default')
    this.send({ type: 'ready', queue: ANY })
  }

  tellDue(at: number): void {
    this.send({ type: 'due', at })
  }

  async work(options: WorkOptions): Promise<Worker> {
    if (this.worker !== null) throw new Error('this engine works already')
    const worker = new EngineWorker(
      {
        store: this.store,
        clock: this.clock,
        flusher: this.flusher,
        sandboxes: this.sandboxes,
        observe: this.observe,
        random: this.random,
        beatMs: this.options.beatMs ?? 2000,
        leaseMs: this.options.leaseMs ?? 5000,
        version: this.options.version ?? '',
        host: hostname(),
        send: (hint) => this.send(hint),
        ended: (run, answer) => {
          this.results.tell(run.id, answer)
          this.send({ type: 'done', run: run.id })
        },
        submit: (start) => submitStart(this.submitParts, start),
        announceStart: (outcome) => this.tellStarted(outcome, 'default'),
        recover: (batches) => recoverStarts(this.store, this.flusher, batches),
      },
      options,
    )
    await worker.start()
    this.worker = worker
    return worker
  }

  async close(): Promise<void> {
    await this.worker?.stop()
    this.worker = null
    this.unlisten()
    await this.options.notifier.close()
    await this.store.close()
  }

  private get control() {
    return {
      store: this.store,
      now: () => this.now(),
      random: this.random,
      told: (run: RunId, outcome: DeliverOutcome, tx: Tx | undefined) => {
        if (tx !== undefined) return
        this.send({ type: 'events' })
        if (outcome.type === 'delivered') this.tell(run, outcome)
      },
    }
  }

  private tell(run: RunId, outcome: Extract<DeliverOutcome, { type: 'delivered' }>): void {
    if (outcome.worker === null) this.tellReady(outcome.queue)
    else if (this.worker) this.worker.poke(run, outcome.worker)
    else this.send({ type: 'poke', worker: outcome.worker, run })
  }

  private tellReady(queue: string): void {
    if (this.worker) this.worker.onReady(queue)
    else this.send({ type: 'ready', queue })
  }

  private tellStarted(outcome: StartOutcome, queue: string): void {
    if (outcome.type !== 'started') return
    this.send({ type: 'events' })
    for (const run of outcome.cancelled) this.send({ type: 'poke', worker: ANY, run })
    if (outcome.state === 'ready') this.tellReady(queue)
  }

  private send(hint: Hint): void {
    this.options.notifier.send(hint)
  }

  private onHint(hint: Hint): void {
    if (hint.type === 'done') this.results.hint(hint.run)
    else this.worker?.onHint(hint)
  }

  /** The org's default version of a workflow, remembered for a moment: a deploy through another process shows within a second. */
  private defaultBundle(org: OrgId, workflow: string): Promise<string | null> {
    const key = `${org}/${workflow}`
    const known = this.defaults.get(key)
    if (known && known.until > this.now()) return known.hash
    const hash = this.store.defaultBundle(org, workflow)
    this.defaults.set(key, { hash, until: this.now() + 1000 })
    hash.then(
      (found) => found === null && this.defaults.delete(key),
      () => this.defaults.delete(key),
    )
    return hash
  }

  /** A process that is no worker has no registration to lose; it only has to make sure of its starts. */
  private async recoverAlone(batches: readonly Batch[]): Promise<void> {
    for (;;) {
      try {
        await recoverStarts(this.store, this.flusher, batches)
        break
      } catch (error) {
        this.observe({ type: 'trouble', where: 'recover', error: error instanceof Ambiguous ? error : new Error(String(error)) })
        await new Promise<void>((resolve) => this.clock.setTimeout(resolve, RETRY_MS))
      }
    }
    this.flusher.resume()
  }
}
