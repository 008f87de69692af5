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

/** Queues with live runs, and paused ones, in the order of their names. States are the codes of engine.live.state. */
export function selectQueues(tx: Transaction, org: string, after: string, limit: number): Promise<QueueRow[]> {
  return tx.rows<QueueRow>(
    sql`with named as (
          select distinct l.queue as name from engine.live l where l.org_id = ${org} and l.queue > ${after}
          union select c.queue from engine.queue_control c where c.org_id = ${org} and c.paused and c.queue > ${after}
          order by name limit ${limit}
        )
        select n.name, coalesce(bool_or(c.paused), false) as paused,
          count(*) filter (where l.state = 1)::int as queued, count(*) filter (where l.state = 4)::int as gated,
          count(*) filter (where l.state = 2)::int as running, count(*) filter (where l.state = 3)::int as waiting,
          count(*) filter (where l.state = 5)::int as paused_runs, count(*) filter (where l.state = 6)::int as blocked,
          min(l.rank) filter (where l.state = 1 and l.priority = 1) as oldest
        from named n
        left join engine.queue_control c on c.org_id = ${org} and c.queue = n.name
        left join engine.live l on l.org_id = ${org} and l.queue = n.name
        group by n.name order by n.name`,
  )
}

export interface LimitRow {
  readonly name: string
  readonly max: number | null
  readonly override: number | null
  readonly holders: number
  readonly waiting: number
}

/** Concurrency limits in the order of their names; rates are not among them. */
export function selectLimits(tx: Transaction, org: string, after: string, limit: number): Promise<LimitRow[]> {
  return tx.rows<LimitRow>(
    sql`select f.name, coalesce(f.override, f.max) as max, f.override, f.running as holders,
          (select count(*)::int from engine.live l where l.org_id = f.org_id and l.gate = f.name and l.state = 4) as waiting
        from engine.flow_limit f
        where f.org_id = ${org} and f.name > ${after} and (f.max is not null or f.override is not null)
        order by f.name limit ${limit}`,
  )
}
