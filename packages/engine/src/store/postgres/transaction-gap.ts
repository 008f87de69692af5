import type pg from 'pg'
import { onlyRow } from './workers.ts'

/**
 * By how many transactions the cluster is behind the newest event: more than 0 only after a dump was restored into another cluster.
 * Until they have passed, readers of events see neither the old events nor, behind their cursors, the new ones.
 */
export async function readTransactionGap(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ gap: number }>(
    `select greatest(0, (select tx::text::bigint from engine.event order by tx desc limit 1)
       - pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1)::float8 as gap`,
  )
  return onlyRow(rows).gap
}
