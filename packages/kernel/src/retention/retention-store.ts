import type { Transaction } from '../database/database.ts'
import { assignments, insertInto, type Sql, sql } from '../database/sql.ts'

export interface RetentionRow {
  readonly org_id: string
  readonly run_days: number | null
  readonly event_days: number | null
  readonly tool_call_days: number | null
  readonly firing_days: number | null
  readonly updated_at: Date
  readonly next_at: Date
}

const COLUMNS = sql`org_id, run_days, event_days, tool_call_days, firing_days, updated_at, next_at`

export function selectRetention(tx: Transaction, org: string): Promise<RetentionRow | undefined> {
  return tx.row<RetentionRow>(sql`select ${COLUMNS} from app.retention where org_id = ${org}`)
}

export type RetentionChange = Partial<Omit<RetentionRow, 'org_id'>> & Pick<RetentionRow, 'updated_at' | 'next_at'>

/** Fields that are missing stay as they are. */
export async function upsertRetention(tx: Transaction, org: string, change: RetentionChange): Promise<void> {
  await tx.write(sql`${insertInto('app.retention', { org_id: org, ...change })} on conflict (org_id) do update set ${assignments(change)}`)
}

/** In all organizations, the one whose old rows were not looked for the longest. Locks its row; skips those of other processes. */
export function lockNextRetention(tx: Transaction, now: Date): Promise<RetentionRow | undefined> {
  return tx.row<RetentionRow>(
    sql`select ${COLUMNS} from app.retention where next_at <= ${now} order by next_at limit 1 for update skip locked`,
  )
}

export async function putOffRetention(tx: Transaction, org: string, until: Date): Promise<void> {
  await tx.write(sql`update app.retention set next_at = ${until} where org_id = ${org}`)
}

/** Runs that ended before a time and that nothing needs, the oldest first. Ids begin with the time of the start, which is earlier. */
export async function selectOldRuns(tx: Transaction, org: string, before: Date, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ run_id: string }>(
    sql`select d.run_id from engine.deletable_view d
        where d.org_id = ${org} and d.run_id < engine.uuid_at(${before}) and d.finished_at < ${before} order by d.run_id limit ${limit}`,
  )
  return rows.map(({ run_id }) => run_id)
}

export function selectOldEvents(tx: Transaction, org: string, before: Date, limit: number): Promise<{ tx: string; id: string }[]> {
  return tx.rows<{ tx: string; id: string }>(
    sql`select e.tx::text, e.id::text from engine.event_view e where e.org_id = ${org} and e.at < ${before} order by e.tx, e.id limit ${limit}`,
  )
}

const deleteOldest = (table: Sql, key: Sql, old: Sql, org: string, limit: number): Sql =>
  sql`delete from ${table} x using (select ${key} as key from ${table} where org_id = ${org} and ${old} order by ${key} limit ${limit}) old
      where x.org_id = ${org} and x.${key} = old.key`

export function deleteOldCalls(tx: Transaction, org: string, before: Date, limit: number): Promise<number> {
  return tx.write(deleteOldest(sql`app.tool_call`, sql`call_id`, sql`started_at < ${before}`, org, limit))
}

export function deleteOldFirings(tx: Transaction, org: string, before: Date, limit: number): Promise<number> {
  const isOld = sql`decided_at < ${before} and not going and outcome not in ('scheduled', 'buffered')`
  return tx.write(deleteOldest(sql`app.firing`, sql`firing_id`, isOld, org, limit))
}
