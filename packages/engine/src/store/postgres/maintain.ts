import type pg from 'pg'

export interface MaintainOptions {
  /** Ended runs are kept at least this long, in whole weeks. Null keeps all. */
  readonly retentionDays: number | null
  readonly now: Date
}

export interface Maintained {
  readonly created: readonly string[]
  readonly dropped: readonly string[]
  /** Rows deleted, by table. */
  readonly swept: Readonly<Record<string, number>>
}

/**
 * Creates the partitions of the coming weeks, drops those past retention that no unfinished run needs, and deletes expired rows. Any
 * process may run it daily; concurrent calls wait for each other. The login must be able to take the role orrery_owner. Fails with 55P03
 * when a table stays in use for longer than two seconds, because writers must not be blocked; try again later.
 */
export async function maintainPartitions(pool: pg.Pool, options: MaintainOptions): Promise<Maintained> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query(
      `set local role orrery_owner; set local lock_timeout = '2s'; set local enable_seqscan = on; set local enable_hashjoin = on`,
    )
    const parts = await client.query<{ action: string; part: string }>('select action, part from engine.maintain_partitions($1, $2)', [
      options.now,
      options.retentionDays,
    ])
    const swept = await client.query<{ name: string; rows: number }>('select name, rows::int as rows from engine.sweep($1, $2)', [
      options.now,
      options.retentionDays,
    ])
    await client.query('commit')
    client.release()
    return {
      created: parts.rows.filter((row) => row.action === 'created').map((row) => row.part),
      dropped: parts.rows.filter((row) => row.action === 'dropped').map((row) => row.part),
      swept: Object.fromEntries(swept.rows.map((row) => [row.name, row.rows])),
    }
  } catch (error) {
    // Ends the connection, and with it the transaction and the role.
    client.release(true)
    throw error
  }
}
