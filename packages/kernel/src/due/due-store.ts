import type { OrgId } from '@orrery/engine'
import type { Database } from '../database/database.ts'
import { join, sql } from '../database/sql.ts'
import type { DueKind } from './due-kind.ts'

/** The earliest waiting row of one kind in one organization, due or not. */
export interface NextDue {
  readonly kind: DueKind
  readonly org: OrgId
  readonly atMs: number
}

export interface NextDueAnswer {
  readonly next: readonly NextDue[]
  /** The database's time. */
  readonly nowMs: number
}

/** For each kind, the query reads this many of its next rows. */
const ROWS_MAX = 500

/** Finds the next row of each organization and kind, with one query. */
export async function findNextDue(database: Database, kinds: readonly DueKind[]): Promise<NextDueAnswer> {
  const parts = kinds.map(
    ({ waiting }, at) => sql`(select ${at}::int as kind, org_id, at from (${waiting}) waiting order by at limit ${ROWS_MAX})`,
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
