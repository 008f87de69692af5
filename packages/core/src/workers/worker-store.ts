import type { Transaction } from '../database.ts'

export interface WorkerRow {
  readonly worker_id: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly queues: string[]
  readonly slots: number
  readonly steps: string[]
  readonly started_at: Date
  readonly beat_at: Date
  readonly fenced: boolean
}

/** Workers that serve the organization: those of all organizations, and its own. Newest first. */
export async function selectWorkers(
  tx: Transaction,
  org: string,
  behind: { readonly at: string; readonly id: string } | null,
  limit: number,
): Promise<WorkerRow[]> {
  const { rows } = await tx.client.query<WorkerRow>(
    `select worker_id, host, pid, version, queues, slots, steps, date_trunc('milliseconds', started_at) as started_at, beat_at, fenced
     from engine.worker
     where (orgs is null or $1 = any (orgs))
       and ($2::timestamptz is null or (date_trunc('milliseconds', started_at), worker_id) < ($2, $3))
     order by date_trunc('milliseconds', started_at) desc, worker_id desc limit $4`,
    [org, behind?.at ?? null, behind?.id ?? null, limit],
  )
  return rows
}
