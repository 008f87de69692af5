import type { OrgId } from '@orrery/engine'
import type { Database } from '../database/database.ts'
import { join, sql } from '../database/sql.ts'
import type { DueKind } from './due-kind.ts'

export interface Due {
  readonly kind: DueKind
  readonly org: OrgId
  /** Of the earliest row. */
  readonly atMs: number
}

export interface Look {
  /** The rows that are next, due or not: the earliest of each organization and kind. */
  readonly next: readonly Due[]
  /** The database's clock. */
  readonly nowMs: number
}

/** Rows looked at of each kind: the next ones. */
const LOOK_ROWS = 500

/** One query over all organizations and kinds. */
export async function findDue(database: Database, kinds: readonly DueKind[]): Promise<Look> {
  const parts = kinds.map(
    ({ waiting }, at) => sql`(select ${at}::int as kind, org_id, at from (${waiting}) waiting order by at limit ${LOOK_ROWS})`,
  )
  const rows = await database.ask<{ readonly kind: number | null; readonly org: OrgId; readonly at: number; readonly now: number }>(
    sql`with next as (${join(parts, ' union all ')})
        select n.kind, n.org_id as org, n.at, extract(epoch from clock_timestamp())::float8 * 1000 as now
        from (select 1) one
        left join (select kind, org_id, extract(epoch from min(at))::float8 * 1000 as at from next group by kind, org_id) n on true`,
  )
  const next = rows.flatMap(({ kind: at, org, at: atMs }) => {
    const kind = at === null ? undefined : kinds[at]
    return kind === undefined ? [] : [{ kind, org, atMs: Math.round(atMs) }]
  })
  return { next, nowMs: rows[0]?.now ?? Date.now() }
}
