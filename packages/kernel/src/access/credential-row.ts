import { encodeId } from '@orrery/contract'

export interface CredentialRow {
  readonly org_id: string
  readonly credential_id: string
  readonly agent_id: string
  readonly name: string
  readonly prefix: string
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
}

/** The public form of a credential. */
export function toCredential(row: CredentialRow) {
  return {
    id: encodeId('crd', row.credential_id),
    name: row.name,
    prefix: row.prefix,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}
