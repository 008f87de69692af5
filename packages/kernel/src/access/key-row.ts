import { encodeId, PERMISSIONS, type Permission } from '@orrery/contract'

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

const KNOWN: ReadonlySet<string> = new Set(PERMISSIONS)

/** The scopes that this version knows. A newer server may have stored others. */
export function knownScopes(row: ApiKeyRow): Permission[] {
  return row.scopes.filter((scope): scope is Permission => KNOWN.has(scope))
}

/** The public form of a key. */
export function toApiKey(row: ApiKeyRow) {
  return {
    id: encodeId('key', row.key_id),
    name: row.name,
    prefix: row.prefix,
    scopes: knownScopes(row),
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}
