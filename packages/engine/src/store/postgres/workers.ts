import type pg from 'pg'
import type { Beat, BeatRequest, Millis, WorkerId, WorkerInfo } from '../store.ts'

export async function readTime(pool: pg.Pool): Promise<Millis> {
  const { rows } = await pool.query<{ now: Millis }>('select engine.ms(clock_timestamp()) as now')
  return onlyRow(rows).now
}

export async function registerWorker(pool: pg.Pool, info: WorkerInfo): Promise<{ worker: WorkerId; now: Millis }> {
  const { rows } = await pool.query<{ worker: WorkerId; now: Millis }>(
    `insert into engine.worker (host, pid, version, queues, slots, steps, orgs) values ($1, $2, $3, $4, $5, $6, $7)
     returning worker_id as worker, engine.ms(clock_timestamp()) as now`,
    [info.host, info.pid, info.version, info.queues, info.slots, info.steps, info.orgs],
  )
  return onlyRow(rows)
}

export async function retireWorker(pool: pg.Pool, worker: WorkerId): Promise<number> {
  const { rows } = await pool.query<{ runs: number }>('select engine.retire($1) as runs', [worker])
  return onlyRow(rows).runs
}

export async function beatWorker(pool: pg.Pool, worker: WorkerId, { leaseMs, queues, idle }: BeatRequest): Promise<Beat> {
  const { rows } = await pool.query<Beat>({
    name: 'beat',
    text: 'select alive, now_ms as now, poked, ready, next_at as "nextAt", reaped, overdue from engine.beat($1, $2, $3, $4)',
    values: [worker, leaseMs, queues, idle],
  })
  return onlyRow(rows)
}

/** The row of a statement that always returns one. */
export function onlyRow<Row>(rows: readonly Row[]): Row {
  const row = rows[0]
  if (row === undefined) throw new Error('a statement that returns a row returned none')
  return row
}
