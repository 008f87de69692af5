/** The only way to a connection. Every transaction runs as `orrery_app`, for one organization. */
import { describePool, type PoolFigures } from '@orrery/engine/postgres'
import pg from 'pg'
import type { Statement } from './sql.ts'

export interface Transaction {
  /** The rows that a statement returns. */
  rows<Row extends object>(statement: Statement): Promise<Row[]>
  /** The first of them, if there is one. */
  row<Row extends object>(statement: Statement): Promise<Row | undefined>
  /** How many rows a statement has written. */
  write(statement: Statement): Promise<number>
  /** The connection, for control operations of the engine. */
  readonly client: pg.ClientBase
}

export interface Database {
  /** Runs `work` in a transaction that sees the rows of one organization (a UUID). What it throws rolls back. */
  transaction<T>(org: string, mode: 'read only' | 'read write', work: (tx: Transaction) => Promise<T>): Promise<T>
  /** As `orrery_engine`, over all organizations: for loops that seal and sweep, never for a request. */
  loop<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** As `ask`, for readers of the event log: planned off indexes, and without waiting for the disk, so that a crash may undo the last writes. */
  readLog<Row extends object>(statement: Statement): Promise<Row[]>
  /** For reports, which read much of one organization: on connections of their own, whose planner may use every kind of scan, join and sort. */
  report<T>(org: string, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** One statement of a loop, in a transaction of its own. */
  ask<Row extends object>(statement: Statement): Promise<Row[]>
  /** One of each kind of work. */
  pools(): readonly PoolFigures[]
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  /** Connections for use cases. Default 10. */
  readonly poolMax?: number
  /** A connection broke while nobody used it; the pool replaces it. */
  readonly onIdleError?: (error: Error) => void
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The organization of callers who have none. It has no rows. */
export const NO_ORG = '00000000-0000-0000-0000-000000000000'

/**
 * A page of a list is read off an index, in order, whatever the tables' statistics say: they are minutes old in a table that
 * grows by thousands of rows a second, and a plan that sorts all of an organization's runs for 50 of them takes 20 ms at 3,000.
 */
const INDEXED = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_sort: 'off',
  enable_material: 'off',
  jit: 'off',
  // A process that was stopped inside a transaction must not keep its locks for ever.
  idle_in_transaction_session_timeout: '30s',
}

export function createDatabase(options: DatabaseOptions): Database {
  const makePool = (role: string, max: number, settings: Readonly<Record<string, string>>) => {
    const flags = Object.entries({ role, ...settings }).map(([name, value]) => `-c ${name}=${value}`)
    const pool = new pg.Pool({ connectionString: options.url, max, options: flags.join(' '), application_name: 'orrery core' })
    // An ending pool does not wait for its sockets: what the server says on them while it stops concerns nobody.
    pool.on('error', (error) => pool.ending || options.onIdleError?.(error))
    // One that breaks between two statements of a transaction says so by an event, which would end the process if nobody listened.
    pool.on('connect', (client) => client.on('error', () => undefined))
    return pool
  }
  const app = makePool('orrery_app', options.poolMax ?? 10, INDEXED)
  const engine = makePool('orrery_engine', 2, { jit: 'off' })
  const log = makePool('orrery_engine', 2, { ...INDEXED, synchronous_commit: 'off' })
  const reports = makePool('orrery_app', 2, { jit: 'off', idle_in_transaction_session_timeout: '30s' })
  const askOn = async (pool: pg.Pool, { name, text, values }: Statement) =>
    (await pool.query<pg.QueryResultRow>({ ...(name === undefined ? {} : { name }), text, values: [...values] })).rows

  return {
    transaction: (org, mode, work) => inTransaction(app, beginIn(org, mode), (client) => work(toTransaction(client))),
    report: (org, work) => inTransaction(reports, beginIn(org, 'read only'), (client) => work(toTransaction(client))),
    loop: (work) => inTransaction(engine, 'begin', (client) => work(toTransaction(client))),
    ask: async <Row extends object>(statement: Statement) => (await askOn(engine, statement)) as Row[],
    readLog: async <Row extends object>(statement: Statement) => (await askOn(log, statement)) as Row[],
    pools: () =>
      Object.entries({ requests: app, loops: engine, 'event log': log, reports }).map(([name, pool]) => describePool(name, pool)),
    async close() {
      await Promise.all([app, engine, log, reports].map((pool) => pool.end()))
    },
  }
}

/** The organization goes into the text of the query, so that begin and setting it are one round trip. */
function beginIn(org: string, mode: 'read only' | 'read write'): string {
  if (!UUID.test(org)) throw new TypeError(`Not an organization: ${org}`)
  return `begin transaction ${mode}; select set_config('app.org_id', '${org}', true)`
}

function toTransaction(client: pg.ClientBase): Transaction {
  const query = ({ name, text, values }: Statement) =>
    client.query<pg.QueryResultRow>(name === undefined ? { text, values: [...values] } : { name, text, values: [...values] })
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
    // Postgres answers a commit of a failed transaction with ROLLBACK: then nothing happened, and nobody may think it did.
    if (end.command === 'ROLLBACK') throw new Error('The transaction was rolled back')
    return result
  } catch (error) {
    await client.query('rollback').catch((cause: Error) => {
      broken = cause
    })
    throw error
  } finally {
    client.release(broken)
  }
}
