import pg from 'pg'
import type { Notifier, Store } from '../store.ts'
import { storeBundles } from './bundles.ts'
import { claimRuns, firstCursor } from './claim.ts'
import { engineConfig, FlushConnection, noticeVanished, Sockets } from './connection.ts'
import { controlRuns } from './control-runs.ts'
import { type Companions, flushBatch } from './flush.ts'
import { type Maintained, type MaintainOptions, maintainPartitions } from './maintain.ts'
import { createNotifier } from './notifier.ts'
import { type EventCursor, readEvents, readTransactionGap, type StoredEvent } from './read-events.ts'
import { readRuns } from './read-runs.ts'
import { findViolations, readDepths } from './read-whole-tables.ts'
import { startPlain } from './start-plain.ts'
import { transact } from './transact.ts'
import { beatWorker, readTime, registerWorker, retireWorker } from './workers.ts'

export interface PostgresStoreOptions {
  /** A migrated database. The login must be able to take the role orrery_engine. */
  readonly url: string
  /** The host's tables whose rows may be written with a batch, by name. */
  readonly companions?: Companions
  /** Batches in flight at once. One is best on few cores: the next batch is larger instead. */
  readonly flushConnections?: number
  /** Connections for everything except flushes and notifications. */
  readonly poolMax?: number
  /** Transactional steps in progress at once. */
  readonly transactMax?: number
  /** Set to false behind a transaction pooler. */
  readonly listen?: boolean
  /**
   * A statement without an answer for this long has lost its connection. Default: 30 s. Flushes of a worker have its lease for this; a
   * statement of a transactional step may take longer if the database says that it executes it.
   */
  readonly answerMsMax?: number
}

/** `Tx` is a transaction of the caller: a connection with the role orrery_app and app.org_id set, or with orrery_engine. */
export type PostgresStore = Store<pg.ClientBase> & {
  readonly notifier: Notifier
  readEvents(after: EventCursor, limit: number): Promise<readonly StoredEvent[]>
  maintain(options: MaintainOptions): Promise<Maintained>
  /** More than 0: nothing may be written until this many transactions of the cluster have passed. See `readTransactionGap`. */
  transactionGap(): Promise<number>
  /** Flushes and hints are not included: each has a connection of its own. */
  pools(): readonly PoolFigures[]
}

/** The current connections of one pool. */
export interface PoolFigures {
  readonly name: string
  readonly max: number
  readonly total: number
  readonly idle: number
  /** Callers that wait for a connection. */
  readonly waiting: number
}

const ANSWER_MS_MAX = 30_000
/**
 * A beat that took at most this share of the lease shows a healthy database. A flush that then takes longer than the other share waits on a
 * dead connection: firewalls drop idle connections without a word.
 */
const QUICK = 0.2
const FLUSH_SHARE = 0.8

export function createPostgresStore(options: PostgresStoreOptions): PostgresStore {
  const sockets = new Sockets()
  const stream = sockets.make
  const answerMsMax = options.answerMsMax ?? ANSWER_MS_MAX
  const pool = createPool(options.url, 'engine', { stream, max: options.poolMax ?? 6, query_timeout: answerMsMax })
  const bodies = createPool(options.url, 'steps', {
    stream,
    max: options.transactMax ?? 8,
    options: `-c role=orrery_engine ${noticeVanished}`,
  })
  const connections = Array.from(
    { length: options.flushConnections ?? 1 },
    () => new FlushConnection(engineConfig(options.url, 'flush'), stream),
  )
  const lanes = createLanes(connections)
  const cursor = firstCursor()
  const notifier = createNotifier({ url: options.url, listen: options.listen ?? true })
  let closing: Promise<unknown> | null = null
  return {
    notifier,
    now: () => readTime(pool),
    register: (info) => registerWorker(pool, info),
    retire: (worker) => retireWorker(pool, worker),
    beat: async (worker, request) => {
      const startedAt = performance.now()
      const beat = await beatWorker(pool, worker, request)
      const isQuick = performance.now() - startedAt < request.leaseMs * QUICK
      if (isQuick) for (const connection of connections) connection.breakIfOlder(request.leaseMs * FLUSH_SHARE)
      return beat
    },
    // A process without a worker has no beats to notice a silent connection by.
    flush: (batch) => flushBatch((work) => lanes(work, batch.worker === null ? answerMsMax : null), options.companions ?? {}, batch),
    transact: (worker, body) => transact(bodies, { url: options.url, answerMsMax }, worker, body),
    claim: (request) => claimRuns(pool, request, cursor),
    startPlain: (starts, tx) => startPlain(tx, starts),
    ...readRuns(pool),
    ...controlRuns(pool),
    ...storeBundles(pool),
    depths: () => readDepths(pool),
    violations: () => findViolations(pool),
    transactionGap: () => readTransactionGap(pool),
    pools: () => [describePool('engine', pool), describePool('steps', bodies)],
    readEvents: (after, limit) => readEvents(pool, after, limit),
    maintain: (wanted) => maintainPartitions(pool, wanted),
    async close() {
      const ends = () => [notifier.close(), pool.end(), bodies.end(), ...connections.map((connection) => connection.close())]
      closing ??= sockets.endWith(Promise.all(ends()))
      await closing
    },
  }
}

/** Hands each batch the next free flush connection, in order of arrival. */
function createLanes(connections: readonly FlushConnection[]) {
  const free = [...connections]
  const waiting: ((connection: FlushConnection) => void)[] = []
  return async <T>(work: (client: pg.ClientBase) => Promise<T>, answerMsMax: number | null): Promise<T> => {
    const connection = free.pop() ?? (await new Promise<FlushConnection>((resolve) => waiting.push(resolve)))
    try {
      return await connection.use(work, answerMsMax)
    } finally {
      const next = waiting.shift()
      if (next) next(connection)
      else free.push(connection)
    }
  }
}

export function describePool(name: string, { options, totalCount, idleCount, waitingCount }: pg.Pool): PoolFigures {
  return { name, max: options.max, total: totalCount, idle: idleCount, waiting: waitingCount }
}

/** With other `options` PostgreSQL may choose any plan, as for the statements of workflow authors. */
function createPool(url: string, name: string, settings: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...engineConfig(url, name), ...settings })
  // A connection that breaks without a query in progress emits an event, which would end the process without a listener. The pool replaces
  // an idle connection; one in use fails at its next query.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
