import { insertInto, type Sql, sql, type Transaction } from '@orrery/kernel'
import type { RunOverlap } from './planning/decide-overlap.ts'

export interface BackfillRow {
  readonly org_id: string
  readonly automation_id: string
  readonly backfill_id: string
  readonly trigger_id: string
  readonly trigger_key: string
  readonly from_at: Date
  readonly to_at: Date
  readonly rest_at: Date
  readonly overlap: RunOverlap
  readonly requested_at: Date
  readonly wakes_at: Date | null
  readonly trouble: string | null
}

const COLUMNS = sql`org_id, automation_id, backfill_id, trigger_id, trigger_key, from_at, to_at, rest_at, overlap, requested_at, wakes_at, trouble`

export async function insertBackfill(tx: Transaction, row: BackfillRow): Promise<void> {
  await tx.write(insertInto('app.backfill', row))
}

/** The backfill that has been due the longest, locked. Rows locked by another process are skipped. */
export function lockDueBackfill(tx: Transaction, org: string, now: Date): Promise<BackfillRow | undefined> {
  return tx.row<BackfillRow>(
    sql`select ${COLUMNS} from app.backfill where org_id = ${org} and wakes_at <= ${now} order by wakes_at limit 1 for update skip locked`,
  )
}

export async function updateBackfill(tx: Transaction, { org_id, backfill_id, rest_at, wakes_at, trouble }: BackfillRow): Promise<void> {
  await tx.write(
    sql`update app.backfill set rest_at = ${rest_at}, wakes_at = ${wakes_at}, trouble = ${trouble}
        where org_id = ${org_id} and backfill_id = ${backfill_id}`,
  )
}

/** Backfills of all organizations that wait for their next round. The due clock reads this query. */
export const waitingBackfills: Sql = sql`select org_id, wakes_at as at from app.backfill where wakes_at is not null`
