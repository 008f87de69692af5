import type pg from 'pg'
import type { Depths, RunState } from '../store.ts'
import { stateCode } from './codes.ts'
import { readWholeTables } from './read-whole-tables.ts'

interface StateDepth {
  readonly state: number
  readonly runs: number
  readonly oldestMs: number | null
}

/** A few ms for 100,000 runs: the table is narrow. */
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
