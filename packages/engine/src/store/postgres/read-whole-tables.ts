import type pg from 'pg'

/** For what reads whole tables: one snapshot, planned freely, unlike the engine's other statements, which are all point look-ups. */
export async function readWholeTables<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('begin isolation level repeatable read read only')
    await client.query('set local enable_seqscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on')
    const found = await work(client)
    await client.query('commit')
    client.release()
    return found
  } catch (error) {
    client.release(true)
    throw error
  }
}
