/** The role and the database of Orrery. The role is not a superuser, but may create the group roles that the migrations need. */
import pg from 'pg'

export const appRole = 'orrery'
export const appDatabase = 'orrery'

/** Runs at every start, so that a kill during the first start leaves nothing incomplete. `adminUrl` connects as a superuser. */
export async function provision(adminUrl: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  // If the server dies, the query in progress fails; without a listener, the additional event would end this process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const role = await client.query('select from pg_roles where rolname = $1', [appRole])
    if (role.rowCount === 0) await client.query(`create role ${appRole} login createrole password ${client.escapeLiteral(password)}`)
    const database = await client.query('select from pg_database where datname = $1', [appDatabase])
    if (database.rowCount === 0) await client.query(`create database ${appDatabase} owner ${appRole}`)
  } finally {
    await client.end()
  }
}
