import { encodeId } from '@orrery/contract'
import { knownScopes } from '../context/known-scopes.ts'

export interface ApiKeyRow {
  readonly org_id: string
  readonly key_id: string
  readonly name: string
  readonly prefix: string
  readonly scopes: string[]
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
}

/** The public form of a key. */
export function toApiKey(row: ApiKeyRow) {
  return {
    id: encodeId('key', row.key_id),
    name: row.name,
    prefix: row.prefix,
    scopes: knownScopes(row.scopes),
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}
