import { empty, sql, type Transaction } from '@orrery/kernel'

export interface WorkerRow {
  readonly worker_id: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly queues: string[]
  readonly slots: number
  readonly steps: string[]
  /** Null: it serves all organizations. */
  readonly orgs: string[] | null
  readonly started_at: Date
  readonly beat_at: Date
  readonly alive: boolean
}

/** Workers that serve the organization: those that serve all organizations, and its own. Newest first. */
export function selectWorkers(
  tx: Transaction,
  org: string,
  behind: { readonly at: string; readonly id: string } | null,
  limit: number,
): Promise<WorkerRow[]> {
  return tx.rows<WorkerRow>(
    sql`select worker_id, host, pid, version, queues, slots, steps, orgs, date_trunc('milliseconds', started_at) as started_at, beat_at, alive
        from engine.worker_view
        where (orgs is null or ${org} = any (orgs))
          ${behind === null ? empty : sql`and (date_trunc('milliseconds', started_at), worker_id) < (${behind.at}, ${behind.id})`}
        order by date_trunc('milliseconds', started_at) desc, worker_id desc limit ${limit}`,
  )
}
