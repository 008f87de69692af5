/**
 * Durable readers of the event log. A consumer has a name and a place in the log of all organizations; it gets each event at least
 * once, in the order of the log, and its place moves only when its handler is through. Of all processes of an installation, one
 * works for a name at a time: it holds a lock for the length of a batch, and the process that finds it free continues.
 */
import type { Log } from '../context/kernel.ts'
import type { Database, Transaction } from '../database/database.ts'
import type { Sql } from '../database/sql.ts'
import { insertPlace, keepAlive, lockPlace, movePlace, readPage } from './consumer-store.ts'
import type { ConsumedEvent } from './event-row.ts'
import type { EventTail } from './event-tail.ts'

export interface Batch {
  /**
   * The transaction, as `orrery_engine`, that moves the place. What is written with it is written exactly once; but as long as it is open
   * behind its first write it hides later events from all readers, so only quick work belongs in it.
   */
  readonly tx: Transaction
  /** Fires when the consumer stops. The events come again, later or elsewhere, if the handler then throws. */
  readonly signal: AbortSignal
}

export interface EventConsumerOptions {
  readonly database: Database
  /** The one of the process. */
  readonly tail: EventTail
  readonly log: Log
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
   * In the order of the log, at least one. If it throws, the same events come again, the first alone, then more and more; one that fails
   * alone comes again after a pause that grows, and those behind it wait.
   */
  handle(events: readonly ConsumedEvent[], batch: Batch): Promise<void>
  readonly retry?: { readonly firstMs: number; readonly maxMs: number }
}

export interface EventConsumer {
  /** Resolves when its place is on record: what happens from then on is not missed. */
  start(): Promise<void>
  /** Waits for the handler. */
  stop(): Promise<void>
}

/** PostgreSQL ends a transaction that is idle for 30 s (database.ts), so that a process that stands still loses its lock. */
const SIGN_OF_LIFE_MS = 5000
const PAUSE_MS = 50
/** Another process holds the lock of this consumer: the interval of looking again, in case it dies. */
const ELSEWHERE_MS = 500

const BATCH_MAX = 500

/** `idle`: all is read. `elsewhere`: another process works for the name. */
type Turn = 'more' | 'idle' | 'elsewhere'

export function createEventConsumer(options: EventConsumerOptions): EventConsumer {
  return new Consumer(options)
}

class Consumer implements EventConsumer {
  private readonly options: EventConsumerOptions
  private readonly stopping = new AbortController()
  private unwatch = () => {}
  private working: Promise<void> | null = null
  private again = false
  private failures = 0
  private limit: number
  private timer: NodeJS.Timeout | null = null

  constructor(options: EventConsumerOptions) {
    this.options = options
    this.limit = options.batchMax ?? BATCH_MAX
  }

  async start(): Promise<void> {
    const { database, name, begin, tail } = this.options
    await insertPlace(database, name, begin)
    if (!this.stopping.signal.aborted) this.unwatch = tail.watch(name, () => this.wake())
  }

  async stop(): Promise<void> {
    this.unwatch()
    this.stopping.abort()
    if (this.timer !== null) clearTimeout(this.timer)
    await this.working
  }

  private wake(): void {
    this.again = true
    if (this.timer === null) this.plan(0)
  }

  /** One timer at most, and none while a turn is in progress. */
  private plan(delayMs: number): void {
    if (this.working !== null || this.stopping.signal.aborted) return
    this.timer = setTimeout(() => {
      this.timer = null
      this.working = this.work().then((pauseMs) => {
        this.working = null
        if (pauseMs !== null) this.plan(pauseMs)
        else if (this.again) this.plan(this.options.pauseMs ?? PAUSE_MS)
      })
    }, delayMs)
  }

  /** Gives the time to the next turn; null: when woken. */
  private async work(): Promise<number | null> {
    this.again = false
    try {
      const turn = await this.takeTurn()
      this.failures = 0
      if (turn === 'more') this.limit = Math.min(this.limit * 2, this.options.batchMax ?? BATCH_MAX)
      return turn === 'more' ? 0 : turn === 'elsewhere' ? ELSEWHERE_MS : null
    } catch (error) {
      return this.stopping.signal.aborted ? null : this.giveWay(error)
    }
  }

  /** After a failure one at a time, so that all before the one that fails get through. */
  private giveWay(error: unknown): number {
    const { log, name, retry = { firstMs: 100, maxMs: 30_000 } } = this.options
    const isAlone = this.limit === 1
    const pauseMs = isAlone ? Math.min(retry.firstMs * 2 ** this.failures, retry.maxMs) : 0
    if (isAlone) this.failures += 1
    this.limit = 1
    log.warn({ error, consumer: name, pauseMs }, 'Events could not be handled; they are kept and tried again')
    return pauseMs
  }

  private takeTurn(): Promise<Turn> {
    const { database, name, only, handle } = this.options
    return database.slowLoop(async (tx) => {
      if (!(await lockPlace(tx, name))) return 'elsewhere'
      const page = await readPage(tx, name, { only, limit: this.limit })
      if (page.end === null) return 'idle'
      if (page.events.length > 0) await this.whileAlive(tx, () => handle(page.events, { tx, signal: this.stopping.signal }))
      await movePlace(tx, name, page.end)
      return page.isFull ? 'more' : 'idle'
    })
  }

  private async whileAlive(tx: Transaction, work: () => Promise<void>): Promise<void> {
    // If the connection is gone, the next statement of the transaction says so.
    const signs = setInterval(() => void keepAlive(tx).catch(() => undefined), SIGN_OF_LIFE_MS)
    try {
      await work()
    } finally {
      clearInterval(signs)
    }
  }
}
