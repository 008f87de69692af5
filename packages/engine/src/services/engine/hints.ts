import type { DeliverOutcome, Hint, Notifier, RunId, StartOutcome } from '../../store/store.ts'
import { ANY, type EngineWorker } from '../worker/worker.ts'
import type { Results } from './results.ts'

export interface HintsOptions {
  readonly notifier: Notifier
  readonly results: Results
  /** The worker of this process, or null. */
  readonly worker: () => EngineWorker | null
}

/** Hints between processes. This process's own worker gets them at once, without the notifier. */
export class Hints {
  private readonly options: HintsOptions
  private readonly unlisten: () => void

  constructor(options: HintsOptions) {
    this.options = options
    this.unlisten = options.notifier.listen((hint) => this.receive(hint))
  }

  send(hint: Hint): void {
    this.options.notifier.send(hint)
  }

  /** A run of this queue became ready. */
  announceReady(queue: string): void {
    const worker = this.options.worker()
    if (worker) worker.onReady(queue)
    else this.send({ type: 'ready', queue })
  }

  announceStart(outcome: StartOutcome, queue: string): void {
    if (outcome.type !== 'started') return
    this.send({ type: 'events' })
    for (const run of outcome.cancelled) this.send({ type: 'poke', worker: ANY, run })
    if (outcome.state === 'ready') this.announceReady(queue)
  }

  /** A message or another request was delivered to a run. */
  announceDelivery(run: RunId, outcome: DeliverOutcome): void {
    this.send({ type: 'events' })
    if (outcome.type !== 'delivered') return
    const worker = this.options.worker()
    if (outcome.worker === null) this.announceReady(outcome.queue)
    else if (worker) worker.poke(run, outcome.worker)
    else this.send({ type: 'poke', worker: outcome.worker, run })
  }

  /** A transaction of the host has committed, which may have changed these runs in any way. */
  announceCommit(runs: readonly RunId[]): void {
    const worker = this.options.worker()
    for (const run of runs) {
      if (worker?.scope.active.has(run)) worker.poke(run, worker.id)
      else this.send({ type: 'poke', worker: ANY, run })
    }
    this.announceReady('default')
    this.send({ type: 'ready', queue: ANY })
  }

  async close(): Promise<void> {
    this.unlisten()
    await this.options.notifier.close()
  }

  private receive(hint: Hint): void {
    if (hint.type === 'done') this.options.results.hint(hint.run)
    else this.options.worker()?.onHint(hint)
  }
}
