import type { OrgId } from '@orrery/engine'
import type { Database } from '@orrery/kernel'
import { setTrouble } from '../trigger-store.ts'

const MESSAGE_CHARS_MAX = 500

/** Records why a trigger does not fire; null: it fires again. Writes only a change, so it may be called for each event. */
export async function recordTrouble(database: Database, org: OrgId, triggerId: string, trouble: string | null): Promise<void> {
  const text = trouble === null ? null : trouble.slice(0, MESSAGE_CHARS_MAX).replaceAll('\u0000', '')
  await database.transaction(org, 'read write', (tx) => setTrouble(tx, org, triggerId, text))
}
