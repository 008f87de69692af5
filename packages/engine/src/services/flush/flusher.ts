import type { Clock } from '../../clock.ts'
import type { FlushResult, Store, WorkerId } from '../../store/store.ts'
import { Ambiguous, Fenced, Refused } from '../../store/store-errors.ts'
import { failpoint } from '../failpoints.ts'
import { toError } from '../observe.ts'
import { addToBatch, type Batch, type BatchPart, type BatchRows, halve, newBatch, PARTS, splitByUnit, toFlush } from './batch.ts'
import { chooseNext, type NextFlush } from './choose-next.ts'

export interface FlusherOptions {
  readonly store: Store
  readonly clock: Clock
  readonly worker: () => WorkerId | null
  /** The smallest number of runs in a batch that is sent while another is in flight. */
  readonly shareMin: number
  /**
   * The registration is gone, or the fate of a batch is unknown. `batches`, oldest first, are not written or not known to be. Nothing is
   * flushed until `resume`. Another batch in flight reports its own loss.
   */
  readonly onLost: (cause: Fenced | Ambiguous, batches: readonly Batch[]) => void
  /** The store rejects this unit's rows even alone. None of them was written. */
  readonly onRefused: (unit: string, refusal: Refused) => void
  /** `worker`: the registration that wrote the batch. It may have been given up since. */
  readonly onFlushed: (result: FlushResult, batch: Batch, worker: WorkerId | null, tookMs: number) => void
}

/**
 * Group commit. All rows queued since the last flush are written as one batch. The next flush starts when the last returns, so the batch
 * size follows the load and no row waits for a timer. `choose-next.ts` decides which batch is sent when.
 */
export class Flusher {
  private readonly options: FlusherOptions
  /** Oldest first. Rows are added to the last one, which always exists. */
  private batches: Batch[] = [newBatch()]
  private readonly flights = new Set<Batch>()
  private scheduled = false
  private stopped = false
  /** See `FlushState`. */
  private takesTurns = true

  constructor(options: FlusherOptions) {
    this.options = options
  }

  /** Queues a row for the next flush. `unit`: the run on whose behalf it is written. */
  add<P extends BatchPart>(unit: string, part: P, row: BatchRows[P]): void {
    const last = this.batches.at(-1)
    if (last === undefined || !addToBatch(last, unit, part, row)) {
      const next = newBatch()
      addToBatch(next, unit, part, row)
      this.batches.push(next)
    }
    this.schedule()
  }

  /** Whether all rows of this unit added so far are committed. */
  isDurable(unit: string): boolean {
    return this.newestOf(unit) === null
  }

  /**
   * Calls `done` once all rows of this unit added so far are committed (with null), or with the error that rejected them. Never calls it
   * after a loss.
   */
  whenDurable(unit: string, done: (error: Error | null) => void): void {
    const newest = this.newestOf(unit)
    if (newest === null) done(null)
    else newest.waiters.push({ unit, done })
  }

  /** Stops for a reason outside the flusher (a claim failed, a beat found this worker fenced). Nothing is flushed until `resume`. */
  abandon(cause: Fenced | Ambiguous): void {
    if (!this.stopped) this.lose(cause, null)
  }

  get idle(): boolean {
    return this.flights.size === 0 && this.batches.every((batch) => batch.size === 0)
  }

  /** Starts again after a loss, with an empty queue. */
  resume(): void {
    this.stopped = false
    this.schedule()
  }

  /** Queued rows are newer than rows in flight. A unit is in at most one flight. */
  private newestOf(unit: string): Batch | null {
    const queued = this.batches.findLast(({ units }) => units.has(unit))
    if (queued !== undefined) return queued
    for (const batch of this.flights) if (batch.units.has(unit)) return batch
    return null
  }

  private schedule(): void {
    if (this.scheduled || this.stopped || this.choose() === 'wait') return
    this.scheduled = true
    // Waits one turn of the event loop: the workflows' reactions to the rows queued now then join the same batch (2 flushes for a one-step
    // run instead of 3).
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

  /** Sends the oldest batch, or its first half; the second half is then the oldest batch. */
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
      (error: unknown) => this.settle(batch, toError(error)),
    )
  }

  /** Invariant (I5): `worker` is the registration under which the batch was built. The rest of the batch is written under no other. */
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

  /** The store rejected the data. Writes each unit separately, so that a bad row affects only its own run. */
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
      // Waiters of unwritten units stay with the batch, so that their starts are recovered if the batch is lost now.
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
