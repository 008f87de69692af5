/** The only place that opens connections. A call's transaction runs as `orrery_app` and sees the rows of one organization. */
import { describePool, type PoolFigures } from '@orrery/engine/postgres'
import pg from 'pg'
import { UUID_FORM } from '../cursor.ts'
import { isLostConnection } from './classify-failure.ts'
import type { Statement } from './sql.ts'

export interface Transaction {
  /** The rows that a statement returns. */
  rows<Row extends object>(statement: Statement): Promise<Row[]>
  /** The first row that a statement returns, if there is one. */
  row<Row extends object>(statement: Statement): Promise<Row | undefined>
  /** Runs a statement and returns how many rows it has written. */
  write(statement: Statement): Promise<number>
  /** The connection, for calls of the engine that take part in this transaction. */
  readonly client: pg.ClientBase
}

export interface Database {
  /** Runs `work` in a transaction that sees the rows of one organization (a UUID). Rolls back if `work` throws. */
  transaction<T>(org: string, mode: 'read only' | 'read write', work: (tx: Transaction) => Promise<T>): Promise<T>
  /** A transaction as `orrery_engine`, over all organizations: for loops that seal and sweep, never for a request. */
  loop<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** A `loop` that reads whole tables: each of its statements may take a minute. */
  survey<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * Like `ask`, for readers of the event log: plans use indexes only, and a commit does not wait for the disk, so a crash may undo the last
   * writes.
   */
  readLog<Row extends object>(statement: Statement): Promise<Row[]>
  /**
   * For reports, which read many rows of one organization: on separate connections, where the planner may use every kind of scan, join and
   * sort.
   */
  report<T>(org: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Runs one statement of a loop in its own transaction, as `orrery_engine`. */
  ask<Row extends object>(statement: Statement): Promise<Row[]>
  /** For the login library: connections that see people and their logins, and nothing of organizations. */
  readonly people: pg.Pool
  /** One pool for each kind of work. */
  pools(): readonly PoolFigures[]
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  /** Connections for use cases. Default 10. */
  readonly poolMax?: number
  /** Called when an idle connection breaks. The pool replaces it. */
  readonly onIdleError?: (error: Error) => void
}

/** Used where no organization is known, such as the lookup of a key. No row has this id. */
export const NO_ORG = '00000000-0000-0000-0000-000000000000'

/**
 * Forces plans that read a page of a list in order from an index, whatever the statistics say. In a table that grows by thousands of
 * rows a second the statistics are minutes old, and a plan that sorts all 3,000 runs of an organization to return 50 takes 20 ms.
 */
const INDEXED = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_sort: 'off',
  enable_material: 'off',
  jit: 'off',
  // A process that is stopped inside a transaction must not hold its locks forever.
  idle_in_transaction_session_timeout: '30s',
}

/** How long a caller waits for a free connection or for a new one. */
const CONNECT_MS_MAX = 10_000
/** PostgreSQL cancels a statement that takes longer. */
const STATEMENT_MS_MAX = 15_000
/** The same for reports, which read many rows, and for the views of invariants, which read whole tables. */
const LONG_STATEMENT_MS_MAX = 60_000
/** An answer that is later than the limit of its statement by this much never comes: the network has lost the connection without a word. */
const SILENCE_MS_MAX = 5000
/** Keeps idle connections alive in the tables of firewalls, and finds those that are gone. */
const KEEP_ALIVE_AFTER_MS = 30_000

export function createDatabase(options: DatabaseOptions): Database {
  const makePool = (role: string, max: number, settings: Readonly<Record<string, string>>, statementMs = STATEMENT_MS_MAX) => {
    const flags = Object.entries({ role, statement_timeout: statementMs, ...settings }).map(([name, value]) => `-c ${name}=${value}`)
    const pool = new pg.Pool({
      connectionString: options.url,
      max,
      options: flags.join(' '),
      application_name: 'orrery core',
      connectionTimeoutMillis: CONNECT_MS_MAX,
      query_timeout: statementMs + SILENCE_MS_MAX,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    })
    // A pool that ends does not wait for its sockets, so an error on them at that time means nothing.
    pool.on('error', (error) => pool.ending || options.onIdleError?.(error))
    // A connection that breaks between two statements of a transaction emits an error event. Without a listener it would end the process.
    pool.on('connect', (client) => client.on('error', () => undefined))
    return pool
  }
  const app = makePool('orrery_app', options.poolMax ?? 10, INDEXED)
  const engine = makePool('orrery_engine', 2, { jit: 'off' })
  const log = makePool('orrery_engine', 2, { ...INDEXED, synchronous_commit: 'off' })
  const reports = makePool('orrery_app', 2, { jit: 'off', idle_in_transaction_session_timeout: '30s' }, LONG_STATEMENT_MS_MAX)
  const people = makePool('orrery_auth', 4, { search_path: 'auth', idle_in_transaction_session_timeout: '30s' })
  const askOn = async (pool: pg.Pool, { name, text, values }: Statement) =>
    (await pool.query<pg.QueryResultRow>({ ...(name === undefined ? {} : { name }), text, values: [...values] })).rows

  return {
    transaction: (org, mode, work) => inTransaction(app, beginIn(org, mode), (client) => work(toTransaction(client))),
    report: (org, work) => inTransaction(reports, beginIn(org, 'read only'), (client) => work(toTransaction(client))),
    loop: (work) => inTransaction(engine, 'begin', (client) => work(toTransaction(client))),
    survey: (work) =>
      inTransaction(engine, `begin; set local statement_timeout = ${LONG_STATEMENT_MS_MAX}`, (client) =>
        work(toTransaction(client, LONG_STATEMENT_MS_MAX + SILENCE_MS_MAX)),
      ),
    people,
    ask: async <Row extends object>(statement: Statement) => (await askOn(engine, statement)) as Row[],
    readLog: async <Row extends object>(statement: Statement) => (await askOn(log, statement)) as Row[],
    pools: () =>
      Object.entries({ requests: app, loops: engine, 'event log': log, reports, people }).map(([name, pool]) => describePool(name, pool)),
    async close() {
      await Promise.all([app, engine, log, reports, people].map((pool) => pool.end()))
    },
  }
}

/** The organization is part of the query text, so that beginning the transaction and setting the organization take one round trip. */
function beginIn(org: string, mode: 'read only' | 'read write'): string {
  if (!UUID_FORM.test(org)) throw new TypeError(`Not an organization: ${org}`)
  return `begin transaction ${mode}; select set_config('app.org_id', '${org}', true)`
}

/** @param timeoutMs replaces the pool's limit for an answer */
function toTransaction(client: pg.ClientBase, timeoutMs?: number): Transaction {
  const limit = timeoutMs === undefined ? {} : { query_timeout: timeoutMs }
  const query = ({ name, text, values }: Statement) =>
    client.query<pg.QueryResultRow>({ ...(name === undefined ? {} : { name }), ...limit, text, values: [...values] })
  return {
    rows: async <Row extends object>(statement: Statement) => (await query(statement)).rows as Row[],
    row: async <Row extends object>(statement: Statement) => (await query(statement)).rows[0] as Row | undefined,
    write: async (statement) => (await query(statement)).rowCount ?? 0,
    client,
  }
}

async function inTransaction<T>(pool: pg.Pool, begin: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(begin)
    const result = await work(client)
    const end = await client.query('commit')
    // PostgreSQL answers the commit of a failed transaction with ROLLBACK. Nothing was written, so this must not return normally.
    if (end.command === 'ROLLBACK') throw new Error('The transaction was rolled back')
    return result
  } catch (error) {
    // A statement sent over a lost connection would only wait.
    if (isLostConnection(error)) broken = error
    else
      await client.query('rollback').catch((cause: Error) => {
        broken = cause
      })
    throw error
  } finally {
    client.release(broken)
  }
}
