import { hostname } from 'node:os'
import type { WorkOptions } from '../../api.ts'
import { type Clock, type DatabaseClock, databaseClock, systemClock } from '../../clock.ts'
import { type BundleHosts, inThisProcess } from '../../sandbox/bundle-host.ts'
import type { Notifier, Store } from '../../store/store.ts'
import { newUuid } from '../../uuid.ts'
import { createDefaultBundles, type DefaultBundles } from '../bundles/default-bundles.ts'
import { InputChecker } from '../bundles/input-checker.ts'
import { type IdFormat, SandboxCache } from '../bundles/sandbox-cache.ts'
import { Flusher } from '../flush/flusher.ts'
import { recoverAlone, recoverStarts } from '../flush/recover-starts.ts'
import { type Observer, observeNothing } from '../observe.ts'
import { observeLine } from '../run/observe-line.ts'
import type { StartParts } from '../start/start-run.ts'
import type { SubmitParts } from '../start/submit-start.ts'
import { EngineWorker } from '../worker/worker.ts'
import { Hints } from './hints.ts'
import { Results } from './results.ts'
import type { ControlParts } from './run-control.ts'

export interface EngineOptions<Tx> {
  readonly store: Store<Tx>
  readonly notifier: Notifier
  readonly observe?: Observer
  /** Shown with the worker (`0.1.0`). */
  readonly version?: string
  /** A worker that is silent for this long counts as dead. Default: 5 s. */
  readonly leaseMs?: number
  /** Default: 2 s. */
  readonly beatMs?: number
  /** The smallest number of runs in a flush that is sent while another is in flight. Default: 24. */
  readonly shareMin?: number
  readonly clock?: Clock
  readonly random?: () => number
  /** Where workflow code runs. Default: in this process, which must trust it. See `containBundles`. */
  readonly hosts?: BundleHosts
  /** The form in which workflows and steps see ids. Absent: unchanged. */
  readonly ids?: IdFormat
  /**
   * The host's own workflows. They start with an authority that the host gives, or as children of internal workflows of the same bundle. To
   * all others they do not exist; they are not deployed, and their runs move to no bundle with other workflows. Absent: none. The host
   * decides by the name and not the bundle, so that the rule also holds for bundles stored before there was one.
   */
  readonly isInternal?: (workflow: string) => boolean
}

/** The parts of one process's engine. */
export interface EngineParts<Tx> {
  readonly options: EngineOptions<Tx>
  readonly store: Store<Tx>
  readonly clock: DatabaseClock
  readonly random: () => number
  readonly observe: Observer
  readonly sandboxes: SandboxCache
  readonly flusher: Flusher
  readonly results: Results
  readonly hints: Hints
  readonly defaults: DefaultBundles
  readonly starts: StartParts<Tx>
  readonly control: ControlParts<Tx>
  /** The worker of this process, or null. */
  worker: EngineWorker | null
  isClosed: boolean
}

export function assembleEngine<Tx>(options: EngineOptions<Tx>): EngineParts<Tx> {
  const { store, random = Math.random, observe = observeNothing, isInternal = () => false } = options
  const clock = databaseClock(options.clock ?? systemClock)
  const now = (): number => clock.now()
  const sandboxes = new SandboxCache(store, options.hosts ?? inThisProcess, options.ids)
  const results = new Results(store, clock)
  const defaults = createDefaultBundles(store, now)
  const worker = (): EngineWorker | null => parts.worker
  const hints = new Hints({ notifier: options.notifier, results, worker })
  const flusher: Flusher = new Flusher({
    store,
    clock,
    worker: () => worker()?.id || null,
    shareMin: options.shareMin ?? 24,
    onLost: (cause, batches) => {
      const lost = worker()
      if (lost) lost.lost(cause, batches)
      else void recoverAlone({ store, flusher, clock, observe, isClosed: () => parts.isClosed }, batches)
    },
    onRefused: (unit, refusal) => {
      observe({ type: 'trouble', where: 'flush', error: refusal })
      worker()?.onRefused(unit, refusal)
    },
    onFlushed: (result, batch, registration, tookMs) => {
      observe({ type: 'flushed', rows: batch.size, tookMs })
      for (const { row } of batch.rows.logs) if (row.cmd === 0) observeLine(observe, row)
      if (batch.rows.events.length > 0) hints.send({ type: 'events' })
      worker()?.onFlushed(result, registration)
      if (!worker()) for (const { queue } of result.readied) hints.send({ type: 'ready', queue })
    },
  })
  const submit: SubmitParts = {
    flusher,
    observe,
    worker,
    announceReady: (queue) => hints.announceReady(queue),
    dueAt: (at) => worker()?.dueAt(at),
  }
  const parts: EngineParts<Tx> = {
    options,
    store,
    clock,
    random,
    observe,
    sandboxes,
    flusher,
    results,
    hints,
    defaults,
    starts: {
      store,
      now,
      newId: () => newUuid(now(), random),
      defaults,
      sandboxes,
      checker: new InputChecker(clock, sandboxes),
      flusher,
      submit,
      isInternal,
      announceStart: (outcome, queue) => hints.announceStart(outcome, queue),
    },
    control: { store, now, random, isInternal, announce: (run, outcome) => hints.announceDelivery(run, outcome) },
    worker: null,
    isClosed: false,
  }
  return parts
}

/** Registers this process as a worker. */
export async function startWorker<Tx>(parts: EngineParts<Tx>, options: WorkOptions): Promise<EngineWorker> {
  if (parts.worker !== null) throw new Error('this engine has a worker already')
  const { store, clock, flusher, sandboxes, observe, random, hints, results } = parts
  const { beatMs = 2000, leaseMs = 5000, version = '' } = parts.options
  const worker = new EngineWorker(
    {
      store,
      clock,
      flusher,
      sandboxes,
      observe,
      random,
      beatMs,
      leaseMs,
      version,
      host: hostname(),
      send: (hint) => hints.send(hint),
      ended: (run, answer) => {
        results.resolve(run.id, answer)
        hints.send({ type: 'done', run: run.id })
      },
      starts: parts.starts.submit,
      isInternal: parts.starts.isInternal,
      announceStart: parts.starts.announceStart,
      recover: (batches) => recoverStarts(store, flusher, batches),
      isClosed: () => parts.isClosed,
    },
    options,
  )
  await worker.start()
  parts.worker = worker
  return worker
}
