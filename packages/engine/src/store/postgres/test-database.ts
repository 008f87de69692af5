/** Shared by this folder's tests: a database, stores on it, and connections with the rights of each role. */
import pg from 'pg'
import { createTestDatabase } from '../../../../../tests/support/database.ts'
import { eventually } from '../../../../../tests/support/eventually.ts'
import { newWorld, type World } from '../../testing/store-suite/world.ts'
import { createPostgresStore, type PostgresStore, type PostgresStoreOptions } from './create-postgres-store.ts'

export interface PostgresWorld {
  readonly url: string
  readonly store: PostgresStore
  readonly other: PostgresStore
  readonly world: World
  /** A connection with a role (and an org), closed together with the world. */
  connect(role: string, org?: string): Promise<pg.Client>
  until(condition: () => Promise<boolean>): Promise<void>
  close(): Promise<void>
}

export async function openWorld(options: Partial<PostgresStoreOptions> = {}): Promise<PostgresWorld> {
  const database = await createTestDatabase()
  const [store, other] = [createPostgresStore({ url: database.url, ...options }), createPostgresStore({ url: database.url, ...options })]
  const clients: pg.Client[] = []
  const close = async (): Promise<void> => {
    await Promise.all([store.close(), other.close(), ...clients.map((client) => client.end())])
    await database.drop()
  }
  const connect = async (role: string, org?: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: database.url, options: `-c role=${role}` })
    // Some tests make the server end the connection.
    client.on('error', () => undefined)
    await client.connect()
    clients.push(client)
    if (org !== undefined) await client.query(`select set_config('app.org_id', $1, false)`, [org])
    return client
  }
  const world = await newWorld({ store, other, until, ageBeats: (ms) => ageBeats(database.url, ms), close })
  return { url: database.url, store, other, world, connect, until, close }
}

/** Waits for the condition. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  await eventually(condition, (holds) => holds)
}

/** Makes every worker's last beat older, so that no test has to wait for a lease. */
export async function ageBeats(url: string, ms: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`update engine.worker set beat_at = beat_at - $1 * interval '1 ms'`, [ms])
  await client.end()
}

/** True while a connection waits for a lock. */
export async function isLockAwaited(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
  return (rowCount ?? 0) > 0
}
