import { sql, type Transaction } from '@orrery/kernel'

export interface QueueRow {
  readonly name: string
  readonly paused: boolean
  readonly queued: number
  readonly gated: number
  readonly running: number
  readonly waiting: number
  readonly paused_runs: number
  readonly blocked: number
  readonly oldest: Date | null
}

/** Queues that have live runs or are paused, sorted by name. */
export function selectQueues(tx: Transaction, org: string, after: string, limit: number): Promise<QueueRow[]> {
  return tx.rows<QueueRow>(
    sql`select queue as name, paused, ready as queued, gated, running, waiting, paused_runs, blocked, oldest_ready_at as oldest
        from engine.queue_view where org_id = ${org} and queue > ${after} order by queue limit ${limit}`,
  )
}

export interface LimitRow {
  readonly name: string
  readonly max: number | null
  readonly override: number | null
  readonly holders: number
  readonly waiting: number
}

/** Concurrency limits, sorted by name. Rate limits are not included. */
export function selectLimits(tx: Transaction, org: string, after: string, limit: number): Promise<LimitRow[]> {
  return tx.rows<LimitRow>(
    sql`select name, max, override, holders, waiting from engine.limit_view
        where org_id = ${org} and name > ${after} order by name limit ${limit}`,
  )
}
