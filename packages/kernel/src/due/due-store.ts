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

/** For each kind, the query reads this many of its next rows. */
const ROWS_MAX = 500

/** Finds the next row of each organization and kind, with one query. */
export async function findNextDue(database: Database, kinds: readonly DueKind[]): Promise<readonly NextDue[]> {
  const parts = kinds.map(
    ({ waiting }, at) => sql`(select ${at}::int as kind, org_id, at from (${waiting}) waiting order by at limit ${ROWS_MAX})`,
  )
  const rows = await database.ask<{ readonly kind: number; readonly org: OrgId; readonly at: number }>(
    sql`select kind, org_id as org, extract(epoch from min(at))::float8 * 1000 as at from (${join(parts, ' union all ')}) next group by kind, org_id`,
  )
  return rows.flatMap(({ kind: at, org, at: atMs }) => {
    const kind = kinds[at]
    return kind === undefined ? [] : [{ kind, org, atMs: Math.round(atMs) }]
  })
}
