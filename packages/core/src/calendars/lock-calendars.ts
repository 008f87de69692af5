import type { Transaction } from '../database/database.ts'

/**
 * Until the end of the transaction no calendar of the organization comes, changes or goes: for whoever writes one, because a circle or a
 * missing name shows in all of them together. `shared` is for whoever writes something that names one.
 */
export async function lockCalendars(tx: Transaction, org: string, mode: 'alone' | 'shared'): Promise<void> {
  const take = mode === 'alone' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared'
  await tx.client.query(`select ${take}(hashtextextended('orrery calendars ' || $1, 0))`, [org])
}
