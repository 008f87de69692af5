import pg from 'pg'

/** The oldest major version that all tests run on. */
const OLDEST = 15
/** A reachable server answers sooner. One behind a firewall that drops packets never answers. */
const CONNECT_TIMEOUT_MS = 15_000

/** The server's version lacks features that the migrations use. */
export class ServerTooOld extends Error {
  override readonly name = 'ServerTooOld'
}

/** @throws ServerTooOld, or the error of node-postgres when there is no connection. */
export async function connectToMigrate(url: string, oldest = OLDEST): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'orrery migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
  // A broken connection fails the query in progress, and also emits an event that would end the process.
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
