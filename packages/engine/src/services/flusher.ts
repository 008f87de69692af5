import type { FlushResult, Store, WorkerId } from '../store/store.ts'
import { Ambiguous, Fenced, Refused } from '../store/store.ts'
import type { Batch, Part, Parts } from './batch.ts'
import { addToBatch, newBatch, PARTS, splitByUnit, toFlush } from './batch.ts'
import type { Clock } from './clock.ts'
import { failpoint } from './failpoints.ts'

export interface FlusherOptions {
  readonly store: Store
  readonly clock: Clock
  readonly worker: () => WorkerId | null
  /**
   * The registration is gone, or what became of the batch is unknown: `batches` are not (known to be) written, oldest first. Nothing is
   * flushed until `resume`.
   */
  readonly onLost: (cause: Fenced | Ambiguous, batches: readonly Batch[]) => void
  /** The store will not take this unit's rows, whatever is tried; nothing of them was written. */
  readonly onRefused: (unit: string, refusal: Refused) => void
  /** `worker`: the registration that the batch was written under; it may be given up by now. */
  readonly onFlushed: (result: FlushResult, batch: Batch, worker: WorkerId | null, tookMs: number) => void
}

/**
 * Group commit. Everything that became due since the last flush goes out as one batch; the next flush starts when
 * the previous one returns, so the size of batches follows the load and there is no linger.
 */
export class Flusher {
  private readonly options: FlusherOptions
  private batches: Batch[] = [newBatch()]
  private sending: Batch | null = null
  private scheduled = false
  private stopped = false
  /** Batches ever started and committed; a ticket is the number of the batch that a row went into. */
  private opened = 1
  private committed = 0

  constructor(options: FlusherOptions) {
    this.options = options
  }

  /** Queues a row for the next flush and returns its ticket. `unit`: the run on whose behalf. */
  add<P extends Part>(unit: string, part: P, row: Parts[P]): number {
    const last = this.batches.at(-1)
    if (last === undefined || !addToBatch(last, unit, part, row)) {
      const next = newBatch()
      addToBatch(next, unit, part, row)
      this.batches.push(next)
      this.opened++
    }
    this.schedule()
    return this.opened
  }

  isDurable(ticket: number): boolean {
    return ticket <= this.committed
  }

  /**
   * Calls back once everything added so far is committed (null), or with the error that kept this unit's rows out. Never called after a
   * loss.
   */
  whenDurable(unit: string, done: (error: Error | null) => void): void {
    const last = this.batches.at(-1)
    if (last && last.size > 0) last.waiters.push({ unit, done })
    else if (this.sending) this.sending.waiters.push({ unit, done })
    else done(null)
  }

  /** Gives up from outside (a claim failed, a beat found us fenced): nothing more is flushed until `resume`. */
  abandon(cause: Fenced | Ambiguous): void {
    if (!this.stopped) this.lose(cause, null)
  }

  get idle(): boolean {
    return this.sending === null && this.batches.every((batch) => batch.size === 0)
  }

  /** Starts over after a loss, with nothing queued. */
  resume(): void {
    this.stopped = false
    if (!this.idle) this.schedule()
  }

  private schedule(): void {
    if (this.scheduled || this.stopped || this.sending !== null) return
    this.scheduled = true
    // One turn later than asked: what the workflows answer to the rows queued now goes into the same batch (2 flushes for a one-step run,
    // not 3).
    this.options.clock.setImmediate(() =>
      this.options.clock.setImmediate(() => {
        this.scheduled = false
        this.send()
      }),
    )
  }

  private send(): void {
    if (this.stopped || this.sending !== null) return
    const batch = this.batches[0]
    if (batch === undefined || batch.size === 0) return
    this.batches.shift()
    if (this.batches.length === 0) {
      this.batches.push(newBatch())
      this.opened++
    }
    this.sending = batch
    failpoint('flush.before')
    this.write(batch, this.options.worker()).then(
      () => this.settle(batch, null),
      (error: unknown) => this.settle(batch, error instanceof Error ? error : new Error(String(error))),
    )
  }

  /** Invariant (I5): `worker` is the registration under which the batch was put together; what is left of it goes under no other. */
  private async write(batch: Batch, worker: WorkerId | null): Promise<void> {
    const started = this.options.clock.now()
    try {
      const result = await this.options.store.flush(toFlush(batch, worker))
      failpoint('flush.after')
      this.options.onFlushed(result, batch, worker, this.options.clock.now() - started)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      await this.writeApart(batch, worker, error)
    }
  }

  /** The store refused the data: write each unit on its own, so that one bad row hurts only its own run. */
  private async writeApart(batch: Batch, worker: WorkerId | null, refusal: Refused): Promise<void> {
    const units = splitByUnit(batch)
    const only = units.length === 1 ? units[0] : undefined
    if (only) {
      for (const waiter of batch.waiters.splice(0)) waiter.done(refusal)
      const unit = PARTS.map((part) => only.rows[part][0]?.unit).find((name) => name !== undefined)
      if (unit !== undefined) this.options.onRefused(unit, refusal)
      return
    }
    for (const unit of units) {
      const waiters = new Set(unit.waiters)
      await this.write(unit, worker)
      // Those of units that are still to come stay with the batch: if it is lost now, they are made sure of.
      batch.waiters.splice(0, batch.waiters.length, ...batch.waiters.filter((waiter) => !waiters.has(waiter)))
      for (const waiter of unit.waiters.splice(0)) waiter.done(null)
    }
  }

  private settle(batch: Batch, error: Error | null): void {
    this.sending = null
    if (error === null) {
      this.committed++
      for (const waiter of batch.waiters) waiter.done(null)
      if (this.batches[0] && this.batches[0].size > 0) this.schedule()
      return
    }
    this.lose(error instanceof Fenced ? error : error instanceof Ambiguous ? error : new Ambiguous(error.message, { cause: error }), batch)
  }

  private lose(cause: Fenced | Ambiguous, batch: Batch | null): void {
    const lost = [...(batch ? [batch] : []), ...this.batches.filter((pending) => pending.size > 0)]
    this.stopped = true
    this.batches = [newBatch()]
    this.opened++
    // Tickets of lost batches must never read as durable of a later count: start counting afresh above them.
    this.committed = this.opened - 1
    if (this.sending) this.committed--
    this.options.onLost(cause, lost)
  }
}
