/**
 * Durable readers of the event log. A consumer has a name and a place in the log of all organizations; it gets each event at least once, in the
 * order of the log, and its place moves only when its handler has finished. In all processes of an installation together, one works for a name
 * at a time: it holds a lease. No transaction and no connection is held while the handler works, so a slow receiver holds up nobody else.
 */
import { randomUUID } from 'node:crypto'
import type { Log } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import type { Sql } from '../database/sql.ts'
import { createLoop, type Loop } from '../loop.ts'
import { endLease, insertPlace, type Lease, movePlace, readPage, renewLease, takeLease } from './consumer-store.ts'
import type { ConsumedEvent } from './event-row.ts'
import type { EventTail } from './event-tail.ts'

export interface Batch {
  /** Fires when the consumer stops, or when another process has taken over. If the handler then throws, the events come again, later or there. */
  readonly signal: AbortSignal
}

/** What a part of the product wants of the event log. */
export interface ConsumerSpec {
  /** In the whole installation. */
  readonly name: string
  /** Where a name begins that was never seen before. */
  readonly begin: 'oldest' | 'now'
  /** A condition over `e`, a row of `engine.event`: events that do not meet it are dropped in the database. It may read what `orrery_engine` may. */
  readonly only?: Sql
  /** Events read at a time, wanted or not. Default 500. */
  readonly batchMax?: number
  /** Between two batches, so that events that come one by one make a few batches a second, not hundreds. Default 50. The first after a while is at once. */
  readonly pauseMs?: number
  /**
   * In the order of the log, at least one. If it throws, the same events come again, the first alone, then more and more; one that fails alone comes
   * again after a pause that grows, and those behind it wait.
   */
  handle(events: readonly ConsumedEvent[], batch: Batch): Promise<void>
  readonly retry?: { readonly firstMs: number; readonly maxMs: number }
}

export interface ConsumerHost {
  readonly database: Database
  /** The one of the process. */
  readonly tail: EventTail
  readonly log: Log
  /** How long a process that died, or stands still, keeps the others out. Default 5 s. */
  readonly leaseMs?: number
}

export interface EventConsumer {
  /** Resolves when its place is on record: what happens from then on is not missed. */
  start(): Promise<void>
  /** Waits for the handler. */
  stop(): Promise<void>
}

const LEASE_MS = 5000
const PAUSE_MS = 50
const BATCH_MAX = 500

/** `idle`: all is read. `elsewhere`: another process works for the name. */
type Turn = 'more' | 'idle' | 'elsewhere'

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
  /** On the monotonic clock; until then the lease is surely ours. */
  private leasedUntil = Number.NEGATIVE_INFINITY

  constructor(host: ConsumerHost, spec: ConsumerSpec) {
    this.host = host
    this.spec = spec
    this.lease = { name: spec.name, holder: randomUUID(), ms: host.leaseMs ?? LEASE_MS }
    this.limit = spec.batchMax ?? BATCH_MAX
    this.loop = createLoop({
      pauseMs: () => spec.pauseMs ?? PAUSE_MS,
      round: (signal) => this.takeTurn(signal),
      onError: (error) => this.giveWay(error),
    })
  }

  async start(): Promise<void> {
    await insertPlace(this.host.database, this.spec.name, this.spec.begin)
    if (!this.stopped) this.unwatch = this.host.tail.watch(this.spec.name, () => this.loop.wake())
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.unwatch()
    await this.loop.stop()
    // Others find out by its end if this fails.
    if (this.leasedUntil > performance.now()) await endLease(this.host.database, this.lease).catch(() => undefined)
  }

  /** Returns the time to the next turn; null: when woken. */
  private async takeTurn(signal: AbortSignal): Promise<number | null> {
    const turn = await this.readAndHandle(signal)
    this.failures = 0
    switch (turn) {
      case 'more':
        this.limit = Math.min(this.limit * 2, this.spec.batchMax ?? BATCH_MAX)
        return 0
      case 'elsewhere':
        // In case the other process dies.
        return this.lease.ms / 4
      case 'idle':
        return null
    }
  }

  private async readAndHandle(signal: AbortSignal): Promise<Turn> {
    const { database } = this.host
    const { name, only } = this.spec
    if (!(await this.holdLease())) return 'elsewhere'
    const page = await readPage(database, name, { only, limit: this.limit })
    if (page.end === null) return 'idle'
    if (page.events.length > 0) await this.handleWhileHeld(page.events, signal)
    const askedAt = performance.now()
    if (!(await movePlace(database, this.lease, page.end))) return this.loseLease()
    this.leasedUntil = askedAt + this.lease.ms
    return page.isFull ? 'more' : 'idle'
  }

  /** Asks for the lease unless half of it is left. */
  private async holdLease(): Promise<boolean> {
    const askedAt = performance.now()
    if (this.leasedUntil - askedAt > this.lease.ms / 2) return true
    const isHeld = await takeLease(this.host.database, this.lease)
    this.leasedUntil = isHeld ? askedAt + this.lease.ms : Number.NEGATIVE_INFINITY
    return isHeld
  }

  private loseLease(): 'elsewhere' {
    this.leasedUntil = Number.NEGATIVE_INFINITY
    this.host.log.warn({ consumer: this.spec.name }, 'Another process has taken over a consumer of events while this one was working')
    return 'elsewhere'
  }

  /** Renews the lease while the handler works; if that fails because another process has it, the handler is told to end. */
  private async handleWhileHeld(events: readonly ConsumedEvent[], signal: AbortSignal): Promise<void> {
    const lost = new AbortController()
    const renewing = createLoop({
      round: async () => {
        if (await renewLease(this.host.database, this.lease)) return this.lease.ms / 4
        lost.abort(new Error('Another process has taken over'))
        return null
      },
      // The database is away. The lease may hold until it is back; `movePlace` finds out.
      onError: () => this.lease.ms / 4,
    })
    renewing.wake(this.lease.ms / 4)
    try {
      await this.spec.handle(events, { signal: AbortSignal.any([signal, lost.signal]) })
    } finally {
      await renewing.stop()
    }
  }

  /** After a failure one event at a time, so that all before the one that fails are handled. */
  private giveWay(error: unknown): number {
    const { name, retry = { firstMs: 100, maxMs: 30_000 } } = this.spec
    const isAlone = this.limit === 1
    const pauseMs = isAlone ? Math.min(retry.firstMs * 2 ** this.failures, retry.maxMs) : 0
    if (isAlone) this.failures += 1
    this.limit = 1
    this.host.log.warn({ error, consumer: name, pauseMs }, 'Events could not be handled; they are kept and tried again')
    return pauseMs
  }
}
