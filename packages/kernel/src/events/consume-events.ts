/**
 * Durable readers of the event log. A consumer has a name and a position in the log of all organizations. It gets each event at least once,
 * in the order of the log, and its position moves only when its handler has finished. One process of an installation at a time works as
 * this consumer: the one that holds its lease. It holds no transaction and no connection while the handler works, so a slow handler does
 * not delay other work.
 */
import { randomUUID } from 'node:crypto'
import type { Log } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import type { Sql } from '../database/sql.ts'
import { createLoop, type Loop } from '../loop.ts'
import { endLease, type Lease, moveConsumer, readPage, registerConsumer, renewLease, takeLease } from './consumer-store.ts'
import type { ConsumedEvent } from './event-row.ts'
import type { EventTail } from './event-tail.ts'

export interface Batch {
  /**
   * Aborts when the consumer stops, or when another process has taken over. If the handler throws then, the events are delivered again
   * later.
   */
  readonly signal: AbortSignal
}

/** Defines a consumer: the events that a part of the product wants, and its handler. */
export interface ConsumerSpec {
  /** Unique in the installation. */
  readonly name: string
  /** Where a new consumer begins. */
  readonly begin: 'oldest' | 'now'
  /**
   * A condition over `e`, a row of `engine.event_view`. Events that do not meet it are dropped in the database. It runs as `orrery_engine`.
   */
  readonly only?: Sql
  /** The most events that are read at a time, wanted or not. Default 500. */
  readonly batchMax?: number
  /**
   * Pause between two batches, so that single events cause a few batches a second and not hundreds. Default 50. It does not delay an event
   * that comes after a longer break.
   */
  readonly pauseMs?: number
  /**
   * Handles events in the order of the log, at least one. If it throws, the same events are delivered again: first one alone, then batches
   * that grow. An event that fails alone is delivered again after a pause that grows, and later events wait for it.
   */
  handle(events: readonly ConsumedEvent[], batch: Batch): Promise<void>
  readonly retry?: { readonly firstMs: number; readonly maxMs: number }
}

export interface ConsumerHost {
  readonly database: Database
  /** The process has one tail for all consumers. */
  readonly tail: EventTail
  readonly log: Log
  /** How long a process that died or was stopped keeps other processes out. Default 5 s. */
  readonly leaseMs?: number
}

export interface EventConsumer {
  /** Resolves when the consumer's position is recorded. From then on it misses no event. */
  start(): Promise<void>
  /** Waits until the handler has returned. */
  stop(): Promise<void>
}

const LEASE_MS = 5000
const PAUSE_MS = 50
const BATCH_MAX = 500

/** `idle`: all events are read. `elsewhere`: another process holds the lease. */
type RoundOutcome = 'more' | 'idle' | 'elsewhere'

export function createEventConsumer(host: ConsumerHost, spec: ConsumerSpec): EventConsumer {
  return new Consumer(host, spec)
}

class Consumer implements EventConsumer {
  private readonly host: ConsumerHost
  private readonly spec: ConsumerSpec
  private readonly lease: Lease
  private readonly loop: Loop
  private unwatch = () => {}
  private stopped = false
  private failures = 0
  private limit: number
  /** Time on the monotonic clock until which this process certainly holds the lease. */
  private leasedUntil = Number.NEGATIVE_INFINITY
  /** When to ask for the lease again, on the monotonic clock. Events do not shorten the wait. */
  private askAgainAt = Number.NEGATIVE_INFINITY

  constructor(host: ConsumerHost, spec: ConsumerSpec) {
    this.host = host
    this.spec = spec
    this.lease = { name: spec.name, holder: randomUUID(), ms: host.leaseMs ?? LEASE_MS }
    this.limit = spec.batchMax ?? BATCH_MAX
    this.loop = createLoop({
      pauseMs: () => spec.pauseMs ?? PAUSE_MS,
      round: (signal) => this.runRound(signal),
      onError: (error) => this.recordFailure(error),
    })
  }

  async start(): Promise<void> {
    await registerConsumer(this.host.database, this.spec.name, this.spec.begin)
    if (!this.stopped)
      this.unwatch = this.host.tail.watch(this.spec.name, () => this.loop.wake(Math.max(0, this.askAgainAt - performance.now())))
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.unwatch()
    await this.loop.stop()
    // If this fails, the lease expires by itself.
    if (this.leasedUntil > performance.now()) await endLease(this.host.database, this.lease).catch(() => undefined)
  }

  /** Returns the milliseconds until the next round; null: wait for a wake. */
  private async runRound(signal: AbortSignal): Promise<number | null> {
    const outcome = await this.readAndHandle(signal)
    this.failures = 0
    switch (outcome) {
      case 'more':
        this.limit = Math.min(this.limit * 2, this.spec.batchMax ?? BATCH_MAX)
        return 0
      case 'elsewhere':
        // Tries again soon, in case the other process dies.
        this.askAgainAt = performance.now() + this.lease.ms / 4
        return this.lease.ms / 4
      case 'idle':
        return null
    }
  }

  private async readAndHandle(signal: AbortSignal): Promise<RoundOutcome> {
    const { database } = this.host
    const { name, only } = this.spec
    if (!(await this.ensureLease())) return 'elsewhere'
    const page = await readPage(database, name, { only, limit: this.limit })
    if (page.end === null) return 'idle'
    if (page.events.length > 0) await this.handleWithLease(page.events, signal)
    const askedAt = performance.now()
    if (!(await moveConsumer(database, this.lease, page.end))) return this.loseLease()
    this.leasedUntil = askedAt + this.lease.ms
    return page.isFull ? 'more' : 'idle'
  }

  /** Takes or renews the lease unless more than half of it is left. False: another process holds it. */
  private async ensureLease(): Promise<boolean> {
    const askedAt = performance.now()
    if (this.leasedUntil - askedAt > this.lease.ms / 2) return true
    const isHeld = await takeLease(this.host.database, this.lease)
    this.leasedUntil = isHeld ? askedAt + this.lease.ms : Number.NEGATIVE_INFINITY
    return isHeld
  }

  private loseLease(): 'elsewhere' {
    this.leasedUntil = Number.NEGATIVE_INFINITY
    this.host.log.warn({ consumer: this.spec.name }, 'Another process took over a consumer of events while this process was working')
    return 'elsewhere'
  }

  /** Renews the lease while the handler works. If another process has taken the lease, aborts the handler's signal. */
  private async handleWithLease(events: readonly ConsumedEvent[], signal: AbortSignal): Promise<void> {
    const lost = new AbortController()
    const renewing = createLoop({
      round: async () => {
        if (await renewLease(this.host.database, this.lease)) return this.lease.ms / 4
        lost.abort(new Error('Another process has taken over'))
        return null
      },
      // The database is unreachable. The lease may still be valid when it is back; `moveConsumer` checks that.
      onError: () => this.lease.ms / 4,
    })
    renewing.wake(this.lease.ms / 4)
    try {
      await this.spec.handle(events, { signal: AbortSignal.any([signal, lost.signal]) })
    } finally {
      await renewing.stop()
    }
  }

  /** After a failure events are delivered one at a time, so that all events before the failing one get handled. Returns the pause. */
  private recordFailure(error: unknown): number {
    const { name, retry = { firstMs: 100, maxMs: 30_000 } } = this.spec
    const isAlone = this.limit === 1
    const pauseMs = isAlone ? Math.min(retry.firstMs * 2 ** this.failures, retry.maxMs) : 0
    if (isAlone) this.failures += 1
    this.limit = 1
    this.host.log.warn({ error, consumer: name, pauseMs }, 'Events could not be handled and will be retried')
    return pauseMs
  }
}
