import type { OrgId } from '@orrery/engine'
import type { Database } from '@orrery/kernel'
import { setTrouble } from '../trigger-store.ts'

const MESSAGE_MAX = 500

/** Shows why a trigger does not fire; null: it fires again. Writes only what is new, so that it may be called for each event. */
export async function recordTrouble(database: Database, org: OrgId, triggerId: string, trouble: string | null): Promise<void> {
  const text = trouble === null ? null : trouble.slice(0, MESSAGE_MAX).replaceAll('\u0000', '')
  await database.transaction(org, 'read write', (tx) => setTrouble(tx, org, triggerId, text))
}
