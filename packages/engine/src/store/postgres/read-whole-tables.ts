import type pg from 'pg'
import type { Depths, RunState } from '../store.ts'
import { stateCode } from './codes.ts'

/** Reads in one snapshot with free choice of plans. The engine's connections otherwise allow only index look-ups. */
async function readWholeTables<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
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

interface StateDepth {
  readonly state: number
  readonly runs: number
  readonly oldestMs: number | null
}

/** Takes a few ms for 100,000 runs, because the table is narrow. */
export async function readDepths(pool: pg.Pool): Promise<Depths> {
  const rows = await readWholeTables(pool, async (client) => {
    // The rank is the time of readiness less the bonus of the priority.
    const found = await client.query<StateDepth>(
      `select l.state, count(*)::int as runs,
              max(engine.ms(now()) - engine.ms(l.rank + engine.bonus(l.priority)))
                filter (where l.state = ${stateCode.code('ready')} and q.paused is not true)::float8 as "oldestMs"
       from engine.live l left join engine.queue_control q on q.org_id = l.org_id and q.queue = l.queue
       group by l.state`,
    )
    return found.rows
  })
  const live: Record<RunState, number> = { ready: 0, running: 0, waiting: 0, gated: 0, paused: 0, blocked: 0 }
  for (const { state, runs } of rows) live[stateCode.word(state)] = runs
  return { live, oldestReadyMs: Math.max(0, ...rows.map(({ oldestMs }) => oldestMs ?? 0)) }
}

/**
 * Runs every view `engine.inv_…` and returns those that have rows. The list comes from the catalogue, so a new view needs no change here.
 */
export function findViolations(pool: pg.Pool): Promise<readonly { readonly invariant: string; readonly rows: number }[]> {
  return readWholeTables(pool, async (client) => {
    const views = await client.query<{ name: string }>(
      `select relname as name from pg_catalog.pg_class
       where relnamespace = 'engine'::regnamespace and relkind = 'v' and relname like 'inv\\_%' order by 1`,
    )
    const found: { invariant: string; rows: number }[] = []
    for (const { name } of views.rows) {
      const { rows } = await client.query<{ n: number }>(`select count(*)::int as n from engine.${client.escapeIdentifier(name)}`)
      const n = rows[0]?.n ?? 0
      if (n > 0) found.push({ invariant: name, rows: n })
    }
    return found
  })
}
