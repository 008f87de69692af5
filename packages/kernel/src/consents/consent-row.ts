import { encodeId } from '@orrery/contract'
import type { ConsentRow } from './consent-store.ts'
import { toKnownClient } from './find-client.ts'

/** The public form of a consent. */
export function toConsent(row: ConsentRow) {
  return {
    id: encodeId('cns', row.id),
    client: toKnownClient(row),
    orgId: encodeId('org', row.in_org),
    scopes: [...row.scopes],
    createdAt: row.created_at.toISOString(),
    changedAt: row.updated_at.toISOString(),
  }
}
