import type { Clock } from '../../clock.ts'
import { Ambiguous, Fenced, type FlushResult, Refused, type Store, type WorkerId } from '../../store/store.ts'
import { failpoint } from '../failpoints.ts'
import { addToBatch, type Batch, halve, isApart, newBatch, PARTS, type Part, type Parts, splitByUnit, toFlush } from './batch.ts'

export interface FlusherOptions {
  readonly store: Store
  readonly clock: Clock
  readonly worker: () => WorkerId | null
  /** Runs of which a batch beside another consists at least. */
  readonly shareMin: number
  /**
   * The registration is gone, or what became of the batch is unknown: `batches` are not (known to be) written, oldest first. Nothing is
   * flushed until `resume`. What else is on its way tells of itself.
   */
  readonly onLost: (cause: Fenced | Ambiguous, batches: readonly Batch[]) => void
  /** The store will not take this unit's rows, whatever is tried; nothing of them was written. */
  readonly onRefused: (unit: string, refusal: Refused) => void
  /** `worker`: the registration that the batch was written under; it may be given up by now. */
  readonly onFlushed: (result: FlushResult, batch: Batch, worker: WorkerId | null, tookMs: number) => void
}

/** The database writes one batch while this process puts together, or reacts to, the other. */
const FLIGHTS_MAX = 2
/** A batch beside another has nearly as many runs at least: each flush has a cost of its own. */
const SHARE = 0.9

/**
 * Group commit. Everything that became due since the last flush goes out as one batch; the next flush starts when the last returns, so the size
 * of batches follows the load and there is no linger. Where this process and the database would wait for each other in turn, a large batch
 * goes out in two halves. Invariant: batches that are on their way at the same time write rows of different runs, so that each run's rows
 * are committed in their order.
 */
export class Flusher {
  private readonly options: FlusherOptions
  /** Oldest first; there is always a last one to add to. */
  private batches: Batch[] = [newBatch()]
  private readonly flights = new Set<Batch>()
  private scheduled = false
  private stopped = false
  /** Nothing was queued when the last flush came back: whoever had something to write waited for it. */
  private waited = true

  constructor(options: FlusherOptions) {
    this.options = options
  }

  /** Queues a row for the next flush. `unit`: the run on whose behalf. */
  add<P extends Part>(unit: string, part: P, row: Parts[P]): void {
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

  /** Gives up from outside (a claim failed, a beat found us fenced): nothing more is flushed until `resume`. */
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

  /** What is on its way was added before what is queued, and has no unit twice. */
  private newestOf(unit: string): Batch | null {
    const queued = this.batches.findLast(({ units }) => units.has(unit))
    if (queued !== undefined) return queued
    for (const batch of this.flights) if (batch.units.has(unit)) return batch
    return null
  }

  private schedule(): void {
    if (this.scheduled || this.stopped || this.next() === null) return
    this.scheduled = true
    // One turn later than asked: what the workflows answer to the rows queued now goes into the same batch (2 flushes for a one-step run,
    // not 3).
    this.options.clock.setImmediate(() =>
      this.options.clock.setImmediate(() => {
        this.scheduled = false
        for (let batch = this.next(); batch !== null && !this.stopped; batch = this.next()) this.send(batch)
      }),
    )
  }

  /** The oldest batch, if it may go out now. */
  private next(): Batch | null {
    const batch = this.batches[0]
    if (batch === undefined || batch.size === 0 || this.flights.size >= FLIGHTS_MAX) return null
    if (this.flights.size === 0) return batch
    for (const flight of this.flights) {
      if (batch.units.size < Math.max(this.options.shareMin, SHARE * flight.units.size) || !isApart(batch, flight)) return null
    }
    return batch
  }

  private send(oldest: Batch): void {
    this.batches.shift()
    const isHalved = this.flights.size === 0 && this.waited && oldest.units.size >= 2 * this.options.shareMin
    const [batch, rest] = isHalved ? halve(oldest) : [oldest, null]
    if (rest !== null) this.batches.unshift(rest)
    if (this.batches.length === 0) this.batches.push(newBatch())
    this.flights.add(batch)
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
    this.flights.delete(batch)
    if (this.flights.size === 0) this.waited = this.batches.every(({ size }) => size === 0)
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
