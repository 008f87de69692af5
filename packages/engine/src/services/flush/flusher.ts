import type { Clock } from '../../clock.ts'
import { Ambiguous, Fenced, type FlushResult, Refused, type Store, type WorkerId } from '../../store/store.ts'
import { failpoint } from '../failpoints.ts'
import { addToBatch, type Batch, type BatchPart, type BatchRows, halve, newBatch, PARTS, splitByUnit, toFlush } from './batch.ts'
import { chooseNext, type NextFlush } from './choose-next.ts'

export interface FlusherOptions {
  readonly store: Store
  readonly clock: Clock
  readonly worker: () => WorkerId | null
  /** The fewest runs in a batch that goes out beside another. */
  readonly shareMin: number
  /**
   * The registration is gone, or the fate of the batch is unknown: `batches` are not (known to be) written, oldest first. Nothing is
   * flushed until `resume`. Another batch on its way reports for itself.
   */
  readonly onLost: (cause: Fenced | Ambiguous, batches: readonly Batch[]) => void
  /** The store refuses this unit's rows even alone; none of them was written. */
  readonly onRefused: (unit: string, refusal: Refused) => void
  /** `worker`: the registration that the batch was written under; it may be given up by now. */
  readonly onFlushed: (result: FlushResult, batch: Batch, worker: WorkerId | null, tookMs: number) => void
}

/**
 * Group commit. All rows queued since the last flush go out as one batch. The next flush starts when the last returns, so the size of
 * batches follows the load and nothing waits for a timer. Which batch goes out when is decided in `choose-next.ts`.
 */
export class Flusher {
  private readonly options: FlusherOptions
  /** Oldest first; there is always a last one to add to. */
  private batches: Batch[] = [newBatch()]
  private readonly flights = new Set<Batch>()
  private scheduled = false
  private stopped = false
  /** See `FlushState`. */
  private takesTurns = true

  constructor(options: FlusherOptions) {
    this.options = options
  }

  /** Queues a row for the next flush. `unit`: the run on whose behalf. */
  add<P extends BatchPart>(unit: string, part: P, row: BatchRows[P]): void {
    const last = this.batches.at(-1)
    if (last === undefined || !addToBatch(last, unit, part, row)) {
      const next = newBatch()
      addToBatch(next, unit, part, row)
      this.batches.push(next)
    }
    this.schedule()
  }

  /** Whether everything of this unit that was added so far is committed. */
  isDurable(unit: string): boolean {
    return this.newestOf(unit) === null
  }

  /**
   * Calls back once everything of this unit that was added so far is committed (null), or with the error that kept its rows out. Never called
   * after a loss.
   */
  whenDurable(unit: string, done: (error: Error | null) => void): void {
    const newest = this.newestOf(unit)
    if (newest === null) done(null)
    else newest.waiters.push({ unit, done })
  }

  /** Gives up for a reason outside the flusher (a claim failed, a beat found this worker fenced): nothing is flushed until `resume`. */
  abandon(cause: Fenced | Ambiguous): void {
    if (!this.stopped) this.lose(cause, null)
  }

  get idle(): boolean {
    return this.flights.size === 0 && this.batches.every((batch) => batch.size === 0)
  }

  /** Starts over after a loss, with nothing queued. */
  resume(): void {
    this.stopped = false
    this.schedule()
  }

  /** Queued rows are newer than rows on their way; no unit is in two flights. */
  private newestOf(unit: string): Batch | null {
    const queued = this.batches.findLast(({ units }) => units.has(unit))
    if (queued !== undefined) return queued
    for (const batch of this.flights) if (batch.units.has(unit)) return batch
    return null
  }

  private schedule(): void {
    if (this.scheduled || this.stopped || this.choose() === 'wait') return
    this.scheduled = true
    // One turn of the event loop later: the rows by which workflows answer those queued now then go into the same batch (2 flushes for a
    // one-step run, not 3).
    this.options.clock.setImmediate(() =>
      this.options.clock.setImmediate(() => {
        this.scheduled = false
        for (let next = this.choose(); next !== 'wait' && !this.stopped; next = this.choose()) this.send(next)
      }),
    )
  }

  private choose(): NextFlush {
    const { batches, flights, takesTurns } = this
    return chooseNext({ queued: batches, flights, takesTurns, shareMin: this.options.shareMin })
  }

  /** Sends the oldest batch, or the first half of it: the second half is then the oldest. */
  private send(next: 'whole' | 'halves'): void {
    const oldest = this.batches.shift()
    if (oldest === undefined) return
    const [batch, rest] = next === 'halves' ? halve(oldest) : [oldest, null]
    if (rest !== null) this.batches.unshift(rest)
    if (this.batches.length === 0) this.batches.push(newBatch())
    this.flights.add(batch)
    failpoint('flush.before')
    this.write(batch, this.options.worker()).then(
      () => this.settle(batch, null),
      (error: unknown) => this.settle(batch, error instanceof Error ? error : new Error(String(error))),
    )
  }

  /** Invariant (I5): `worker` is the registration under which the batch was built; the rest of it is written under no other. */
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
      // Waiters of units not written yet stay with the batch: should it be lost now, their starts are recovered.
      batch.waiters.splice(0, batch.waiters.length, ...batch.waiters.filter((waiter) => !waiters.has(waiter)))
      for (const waiter of unit.waiters.splice(0)) waiter.done(null)
    }
  }

  private settle(batch: Batch, error: Error | null): void {
    this.flights.delete(batch)
    if (this.flights.size === 0) this.takesTurns = this.batches.every(({ size }) => size === 0)
    if (error === null) {
      for (const waiter of batch.waiters) waiter.done(null)
      this.schedule()
      return
    }
    this.lose(error instanceof Fenced ? error : error instanceof Ambiguous ? error : new Ambiguous(error.message, { cause: error }), batch)
  }

  private lose(cause: Fenced | Ambiguous, batch: Batch | null): void {
    const lost = [...(batch ? [batch] : []), ...this.batches.filter((pending) => pending.size > 0)]
    this.stopped = true
    this.batches = [newBatch()]
    this.options.onLost(cause, lost)
  }
}
