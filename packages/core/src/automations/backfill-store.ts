import type { Transaction } from '../database/database.ts'
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

const COLUMNS =
  'org_id, automation_id, backfill_id, trigger_id, trigger_key, from_at, to_at, rest_at, overlap, requested_at, wakes_at, trouble'

export async function insertBackfill(tx: Transaction, row: BackfillRow): Promise<void> {
  await tx.client.query(`insert into app.backfill (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, [
    row.org_id,
    row.automation_id,
    row.backfill_id,
    row.trigger_id,
    row.trigger_key,
    row.from_at,
    row.to_at,
    row.rest_at,
    row.overlap,
    row.requested_at,
    row.wakes_at,
    row.trouble,
  ])
}

/** One that has something to do now, locked; what somebody else has locked is his. */
export async function lockDueBackfill(tx: Transaction, org: string, now: Date): Promise<BackfillRow | undefined> {
  const { rows } = await tx.client.query<BackfillRow>(
    `select ${COLUMNS} from app.backfill where org_id = $1 and wakes_at <= $2 order by wakes_at limit 1 for update skip locked`,
    [org, now],
  )
  return rows[0]
}

export async function moveBackfill(tx: Transaction, row: BackfillRow): Promise<void> {
  await tx.client.query('update app.backfill set rest_at = $3, wakes_at = $4, trouble = $5 where org_id = $1 and backfill_id = $2', [
    row.org_id,
    row.backfill_id,
    row.rest_at,
    row.wakes_at,
    row.trouble,
  ])
}
