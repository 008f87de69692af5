/** The role and the database that Orrery works with: no superuser, but it may make the group roles that the migrations need. */
import pg from 'pg'

export const appRole = 'orrery'
export const appDatabase = 'orrery'

/** Done at every start, so that a kill in the middle of the first one leaves nothing half done. `adminUrl` is a superuser's. */
export async function provision(adminUrl: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  // A server that dies fails the query in progress; the event that says it once more would end the process.
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
