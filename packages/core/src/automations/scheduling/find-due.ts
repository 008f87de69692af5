import type { OrgId } from '@orrery/engine'
import type { Database } from '../../database/database.ts'
import { sql } from '../../database/sql.ts'

/** What there is to do and for whom: `schedule` fires, the tool of a `condition` is asked, `asked` was asked for at a time, `backfill` goes on. */
export type DueKind = 'schedule' | 'condition' | 'asked' | 'backfill'

export interface Due {
  readonly kind: DueKind
  readonly org: OrgId
  /** Of the earliest. */
  readonly atMs: number
}

export interface Look {
  /** Those that are next, due or not, each organization and kind once. */
  readonly next: readonly Due[]
  /** The database's clock. */
  readonly nowMs: number
}

/** Rows looked at of each kind: the next ones. */
const LOOK_ROWS = 500

/** One query over all organizations, of which the cost does not depend on how many schedules there are. */
export async function findDue(database: Database): Promise<Look> {
  interface Row {
    readonly kind: DueKind | null
    readonly org: OrgId
    readonly at: number
    readonly now: number
  }
  const rows = await database.ask<Row>(sql`with next as (
       (select 'schedule' kind, org_id, wakes_at as at from app.trigger where wakes_at is not null and type = 'schedule'
        order by wakes_at limit ${LOOK_ROWS})
       union all
       (select 'condition', org_id, wakes_at from app.trigger where wakes_at is not null and type = 'condition'
        order by wakes_at limit ${LOOK_ROWS})
       union all
       (select 'asked', org_id, fires_at from app.firing where outcome = 'scheduled' order by fires_at limit ${LOOK_ROWS})
       union all
       (select 'backfill', org_id, wakes_at from app.backfill where wakes_at is not null order by wakes_at limit ${LOOK_ROWS})
     )
     select n.kind, n.org_id as org, n.at, extract(epoch from clock_timestamp())::float8 * 1000 as now
     from (select 1) one
     left join (select kind, org_id, extract(epoch from min(at))::float8 * 1000 as at from next group by kind, org_id) n on true`)
  return {
    next: rows.flatMap(({ kind, org, at }) => (kind === null ? [] : [{ kind, org, atMs: Math.round(at) }])),
    nowMs: rows[0]?.now ?? Date.now(),
  }
}
