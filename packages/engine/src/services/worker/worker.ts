import type { Worker, WorkOptions } from '../../api.ts'
import { type DatabaseClock, pause } from '../../clock.ts'
import { SandboxLost } from '../../sandbox/bundle-host.ts'
import { SandboxStuck } from '../../sandbox/create-sandbox.ts'
import type { FlushResult, Hint, RunId, RunRow, Store, WorkerId } from '../../store/store.ts'
import { Ambiguous, type Fenced } from '../../store/store-errors.ts'
import { BadReaction } from '../bundles/read-reactions.ts'
import type { LoadedBundle, SandboxCache } from '../bundles/sandbox-cache.ts'
import { failpoint } from '../failpoints.ts'
import type { Batch } from '../flush/batch.ts'
import type { Flusher } from '../flush/flusher.ts'
import { failStarts } from '../flush/recover-starts.ts'
import { type Observer, toError } from '../observe.ts'
import { type ActiveRun, isLive, toClaimed } from '../run/active-run.ts'
import { abortStep } from '../run/open-command.ts'
import { block, blockRefused, considerIdle, release } from '../run/park.ts'
import { evict } from '../run/timers.ts'
import { Turns } from '../run/turns.ts'
import { hasRoom, type WorkerScope } from '../run/worker-scope.ts'
import { Claimer } from './claimer.ts'
import { Heartbeat } from './heartbeat.ts'
import { react } from './react.ts'
import { readInbox } from './read-inbox.ts'
import { beginFresh, continueKept } from './take-run.ts'

export interface WorkerParts {
  readonly store: Store
  readonly clock: DatabaseClock
  readonly flusher: Flusher
  readonly sandboxes: SandboxCache
  readonly observe: Observer
  readonly random: () => number
  readonly beatMs: number
  readonly leaseMs: number
  readonly version: string
  readonly host: string
  readonly send: (hint: Hint) => void
  readonly ended: WorkerScope['ended']
  readonly starts: WorkerScope['starts']
  readonly isInternal: WorkerScope['isInternal']
  readonly announceStart: WorkerScope['announceStart']
  /** Called with the batches of a lost flush, once the old registration is retired. */
  readonly recover: (batches: readonly Batch[]) => Promise<void>
  /** Whether the engine is closed. */
  readonly isClosed: () => boolean
}

/** In a hint: any worker or any queue. */
export const ANY = '*'
const SUSPECTS_MAX = 10_000
const RETRY_MIN_MS = 50
const RETRY_MAX_MS = 2000

/** This process as a worker: its successive registrations and the runs that it holds. */
export class EngineWorker implements Worker {
  readonly scope: WorkerScope
  private readonly parts: WorkerParts
  private readonly options: WorkOptions
  private readonly claimer: Claimer
  private readonly heartbeat: Heartbeat
  private readonly turns: Turns
  private registration: WorkerId = ''
  private losing = false
  /** Starts whose slot is reserved, and whose queue was paused when they became durable. */
  private readonly held = new Set<RunId>()
  /** For a stop that waits. */
  private onNoRuns = () => {}
  private stopped = false

  constructor(parts: WorkerParts, options: WorkOptions) {
    this.parts = parts
    this.options = options
    this.turns = new Turns({
      clock: parts.clock,
      react: (run, reaction) => react(this.scope, run, reaction),
      isSuspect: (run) => this.scope.suspects.has(run.id),
      failed: (bundle, runs, error) => this.failed(bundle, runs, error),
    })
    this.scope = this.makeScope()
    parts.sandboxes.isHeld = (bundle) => [...this.scope.active.values()].some((run) => run.bundle === bundle)
    parts.sandboxes.onRenewed = (bundle) => this.renewed(bundle)
    this.claimer = new Claimer(this.scope, options.orgs ?? null, (queue) => parts.send({ type: 'ready', queue }))
    this.heartbeat = new Heartbeat(this.scope, this.claimer, {
      beatMs: parts.beatMs,
      leaseMs: parts.leaseMs,
      readTime: () => parts.clock.reading(),
    })
  }

  get id(): WorkerId {
    return this.registration
  }

  get activeRuns(): number {
    return this.scope.active.size
  }

  get ready(): boolean {
    return this.registration !== '' && !this.losing && !this.scope.stopping
  }

  serves(queue: string, org: string): boolean {
    return this.scope.queues.includes(queue) && (this.options.orgs ?? [org]).includes(org)
  }

  async start(): Promise<void> {
    await this.register()
    this.heartbeat.start()
    this.claimer.ready()
  }

  /** Acts on the result of a flush. */
  onFlushed(result: FlushResult, registration: WorkerId | null): void {
    // A late result may be about runs that another registration holds by now.
    if (registration === this.scope.worker()) for (const id of result.kept) this.keepRun(id)
    for (const id of result.held) this.held.add(id)
    for (const { run, worker } of result.poked) this.poke(run, worker)
    for (const { queue } of result.readied) this.onReady(queue)
  }

  private keepRun(id: RunId): void {
    const run = this.scope.active.get(id)
    if (run) continueKept(this.scope, run)
  }

  onReady(queue: string): void {
    if (this.scope.queues.includes(queue) && !this.scope.stopping) this.claimer.ready()
    else this.parts.send({ type: 'ready', queue })
  }

  poke(run: RunId, worker: WorkerId | null): void {
    if (worker === null) return
    const active = worker === this.registration ? this.scope.active.get(run) : undefined
    if (active) readInbox(this.scope, active)
    else if (worker !== this.registration) this.parts.send({ type: 'poke', worker, run })
  }

  onHint(hint: Hint): void {
    if (hint.type === 'ready' && (hint.queue === ANY || this.scope.queues.includes(hint.queue))) this.claimer.ready()
    if (hint.type !== 'poke' || (hint.worker !== ANY && hint.worker !== this.registration)) return
    const active = this.scope.active.get(hint.run)
    if (active) readInbox(this.scope, active)
  }

  onRefused(unit: string, refusal: Error): void {
    const run = this.scope.active.get(unit)
    if (run) blockRefused(this.scope, run, `The database refused what the run wanted to write: ${refusal.message}`)
  }

  dueAt(at: number): void {
    this.claimer.dueAt(at)
  }

  /** Stops claiming, waits for bodies in progress, and hands over all runs. */
  async stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.scope.stopping = true
    this.stopped = true
    this.claimer.stop()
    for (const run of this.scope.active.values()) considerIdle(this.scope, run)
    await this.holdsNothing(options.graceMs ?? 10_000)
    this.heartbeat.stop()
    this.drop()
    // Without an answer of the database the registration lapses, and another worker hands the runs on.
    const onError = (error: unknown) => this.parts.observe({ type: 'trouble', where: 'retire', error: toError(error) })
    if (this.registration !== '') await this.parts.store.retire(this.registration).catch(onError)
    this.registration = ''
  }

  /** Resolves when this worker holds no run, when it loses its runs, or after `graceMs`. */
  private async holdsNothing(graceMs: number): Promise<void> {
    if (this.scope.active.size === 0 || this.losing) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.onNoRuns = resolve
    const timer = this.parts.clock.setTimeout(resolve, graceMs)
    await promise
    this.parts.clock.clearTimeout(timer)
  }

  /**
   * The registration is gone, or the fate of a write is unknown. Drops all held runs; they are replayed by the worker that claims
   * them.
   */
  lost(cause: Fenced | Ambiguous, batches: readonly Batch[]): void {
    this.pendingLoss.push(...batches)
    if (this.losing) return
    this.losing = true
    this.parts.observe({ type: 'lost', cause: cause instanceof Ambiguous ? 'ambiguous' : 'fenced', runs: this.scope.active.size })
    this.drop()
    void this.registerAgain()
  }

  private readonly pendingLoss: Batch[] = []

  private async registerAgain(): Promise<void> {
    for (let waitMs = RETRY_MIN_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      try {
        if (this.registration !== '') await this.parts.store.retire(this.registration)
        // A stopped worker does not register again. Starts that callers still wait for are written without a worker.
        if (this.stopped) this.registration = ''
        else await this.register()
        await this.recoverPending()
        break
      } catch (error) {
        this.parts.observe({ type: 'trouble', where: 'register', error: toError(error) })
        if (this.parts.isClosed()) return failStarts(this.pendingLoss)
        await pause(this.parts.clock, waitMs)
      }
    }
    this.losing = false
    this.parts.flusher.resume()
    if (!this.stopped) this.claimer.ready()
  }

  /** A flush in flight when the registration was given up may fail during the recovery and add its batch to the list. */
  private async recoverPending(): Promise<void> {
    while (this.pendingLoss.length > 0) {
      const batches = [...this.pendingLoss]
      await this.parts.recover(batches)
      this.pendingLoss.splice(0, batches.length)
    }
  }

  private async register(): Promise<void> {
    const { host, version, store } = this.parts
    const info = {
      host,
      pid: process.pid,
      version,
      queues: this.scope.queues,
      slots: this.scope.slots,
      steps: this.options.steps.names(),
      orgs: this.options.orgs ?? null,
    }
    const onTime = this.parts.clock.reading()
    const { worker, now } = await store.register(info)
    failpoint('register.after')
    this.registration = worker
    onTime(now)
  }

  private drop(): void {
    this.turns.clear()
    for (const run of [...this.scope.active.values(), ...this.scope.parked.values()]) {
      for (const open of run.open.values()) if (open.type === 'step') abortStep(open, 'this worker lost the run')
      evict(this.parts.clock, run)
    }
    this.scope.active.clear()
    this.scope.parked.clear()
    this.scope.suspects.clear()
    this.scope.starting = 0
    this.held.clear()
    this.onNoRuns()
  }

  /**
   * A call into a bundle failed. Blocks the run whose code is the reason. If several may be, or if only the process is known to have ended,
   * they are replayed and share no call with others from now on; the second time, the run is blocked.
   */
  private failed(bundle: LoadedBundle, runs: readonly ActiveRun[], error: Error): void {
    const { suspects } = this.scope
    const guilty = culprits(runs, error)
    const isCertain = guilty.length === 1 && !(error instanceof SandboxLost)
    for (const run of guilty) {
      if (isCertain) block(this.scope, run, `The workflow code failed outside of its function: ${error.message}`)
      else if (suspects.has(run.id)) block(this.scope, run, `The workflow code ended its sandbox twice: ${error.message}`)
      else if (this.scope.active.has(run.id)) suspects.add(run.id)
    }
    // Another worker may have taken a suspect, which then does not park or end here.
    for (const oldest of suspects) if (suspects.size > SUSPECTS_MAX) suspects.delete(oldest)
    // What the others answered is lost too. At once, so that none of them is taken for one that waits for nothing.
    for (const run of runs) if (isLive(run)) release(this.scope, run)
    this.scope.sandboxes.failed(bundle, error)
  }

  /** The runs of a bundle have lost their coroutines: returns them, to be replayed. */
  private renewed(bundle: LoadedBundle): void {
    for (const run of this.scope.active.values()) if (run.bundle === bundle && isLive(run)) release(this.scope, run)
  }

  /** Reserves a slot for a run that is being started here and returns the registration. Null: the run must be left to a claim. */
  reserve(row: RunRow): WorkerId | null {
    if (!this.ready || !hasRoom(this.scope) || !this.serves(row.queue, row.org)) return null
    this.scope.starting++
    return this.registration
  }

  /** The start is durable (or failed: `row` is null). Returns the slot and begins the run, if the registration is still the current one. */
  begin(registration: WorkerId, row: RunRow | null): void {
    if (registration !== this.scope.worker()) return
    this.scope.starting--
    // A held run was left to a claim.
    if (row === null || this.held.delete(row.run)) return
    const giveUp = (cause?: unknown): void => {
      if (registration === this.scope.worker()) this.parts.flusher.abandon(new Ambiguous('a bundle could not be loaded', { cause }))
    }
    void this.parts.sandboxes.load(row.org, row.bundle).then((bundle) => {
      // It is claimed again, and then blocked with the reason.
      if (bundle === null) giveUp()
      else if (registration === this.scope.worker()) beginFresh(this.scope, toClaimed(row), bundle)
    }, giveUp)
  }

  private makeScope(): WorkerScope {
    const { parts, options } = this
    return {
      store: parts.store,
      clock: parts.clock,
      flusher: parts.flusher,
      sandboxes: parts.sandboxes,
      steps: options.steps,
      observe: parts.observe,
      random: parts.random,
      // Invariant (I5): '' between two registrations, so that code which waited for an answer notices that it is too late.
      worker: () => (this.losing ? '' : this.registration),
      queues: options.queues ?? ['default'],
      slots: options.slots ?? 500,
      active: new Map<RunId, ActiveRun>(),
      parked: new Map<RunId, ActiveRun>(),
      parkedMax: 1000,
      suspects: new Set<RunId>(),
      failed: (bundle, runs, error) => this.failed(bundle, runs, error),
      starting: 0,
      turns: this.turns,
      wantClaim: (at) => {
        if (this.scope.active.size === 0) this.onNoRuns()
        if (at === undefined) this.claimer.freed()
        else this.claimer.dueAt(at)
      },
      ended: parts.ended,
      starts: parts.starts,
      isInternal: parts.isInternal,
      announceStart: parts.announceStart,
      stopping: false,
    }
  }
}

/** The runs among which the one is whose code made the call fail. */
function culprits(runs: readonly ActiveRun[], error: Error): readonly ActiveRun[] {
  if (error instanceof SandboxLost) return error.isCulprit ? runs : []
  const named = error instanceof SandboxStuck || error instanceof BadReaction ? runs.filter(({ id }) => id === error.run) : []
  return named.length > 0 ? named : runs
}
