import type { OrgId } from '@orrery/engine'
import type { Database } from '../../database/database.ts'

const MESSAGE_MAX = 500

/** Shows why a trigger does not fire; null: nothing is wrong (any more). Writes only what is new, so that it may be called for each event. */
export async function noteTrouble(database: Database, org: OrgId, triggerId: string, trouble: string | null): Promise<void> {
  const text = trouble === null ? null : trouble.slice(0, MESSAGE_MAX).replaceAll('\u0000', '')
  await database.transaction(org, 'read write', (tx) =>
    tx.client.query(
      `update app.trigger set trouble = $3, troubles = case when $3::text is null then 0 else troubles + 1 end
       where org_id = $1 and trigger_id = $2 and trouble is distinct from $3`,
      [org, triggerId, text],
    ),
  )
}
