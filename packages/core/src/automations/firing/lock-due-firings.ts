import type { Transaction } from '../../database/database.ts'
import { FIRING_COLUMNS, type FiringRow } from '../firing-store.ts'

/** Firings that were asked for at a time that has come, oldest first, with their automations locked. What somebody else has locked is his. */
export async function lockDueFirings(tx: Transaction, org: string, now: Date, limit: number): Promise<FiringRow[]> {
  const { rows } = await tx.client.query<FiringRow>(
    `select ${FIRING_COLUMNS.replaceAll(/(\w+)/g, 'f.$1')}
     from app.firing f join app.automation a on a.org_id = f.org_id and a.automation_id = f.automation_id
     where f.org_id = $1 and f.outcome = 'scheduled' and f.fires_at <= $2 order by f.fires_at limit $3
     for no key update of a, f skip locked`,
    [org, now, limit],
  )
  return rows
}
