import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import type pg from 'pg'
import type { Tables } from './tables.ts'

const known = new WeakMap<pg.ClientBase, Kysely<Tables>>()

/** Kysely over one connection, inside whatever transaction that is in. Made once per connection, not per transaction. */
export function kyselyOn(client: pg.ClientBase): Kysely<Tables> {
  let kysely = known.get(client)
  if (kysely === undefined) {
    kysely = new Kysely<Tables>({
      dialect: {
        createAdapter: () => new PostgresAdapter(),
        createDriver: () => pinnedDriver(client),
        createIntrospector: (db) => new PostgresIntrospector(db),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
    })
    known.set(client, kysely)
  }
  return kysely
}

function pinnedDriver(client: pg.ClientBase): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, rowCount } = await client.query(query.sql, [...query.parameters])
      return { rows, numAffectedRows: BigInt(rowCount ?? 0) }
    },
    streamQuery() {
      throw new Error('Lists are read in pages, never streamed')
    },
  }
  const refuse = async () => {
    throw new Error('Transactions are begun by database.ts alone')
  }
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => {},
    destroy: async () => {},
  }
}
