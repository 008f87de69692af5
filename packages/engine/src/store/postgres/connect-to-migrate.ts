import pg from 'pg'

/** The oldest major version that everything is tested with. */
const OLDEST = 15
/** A server that is there answers sooner; one behind a firewall that drops packets never does. */
const CONNECT_TIMEOUT_MS = 15_000

/** The database's server lacks what the migrations use. */
export class ServerTooOld extends Error {
  override readonly name = 'ServerTooOld'
}

/** @throws ServerTooOld, or what node-postgres throws when there is no connection. */
export async function connectToMigrate(url: string, oldest = OLDEST): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'orrery migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
  // A connection that breaks fails the query in progress, and says so a second time by an event that would end the process.
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query<{ version: string; number: string }>(
    `select current_setting('server_version') as version, current_setting('server_version_num') as number`,
  )
  const { version = '', number = '0' } = rows[0] ?? {}
  if (Number(number) >= oldest * 10_000) return client
  await client.end()
  throw new ServerTooOld(`The server is PostgreSQL ${version.split(' ')[0]}; ${oldest} or newer is needed`)
}
