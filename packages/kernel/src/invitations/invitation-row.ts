import { encodeId } from '@orrery/contract'

export interface InvitationRow {
  readonly org_id: string
  readonly invitation_id: string
  readonly email: string
  readonly name: string | null
  readonly role: string
  readonly mail_id: string
  readonly invited_by: string
  readonly created_at: Date
  readonly expires_at: Date
  readonly accepted_at: Date | null
  readonly revoked_at: Date | null
}

/** The public form of an invitation. @param now ms since the epoch */
export function toInvitation(row: InvitationRow, now: number) {
  return {
    id: encodeId('inv', row.invitation_id),
    email: row.email,
    name: row.name,
    role: row.role,
    state: stateOf(row, now),
    invitedBy: row.invited_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    acceptedAt: row.accepted_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}

function stateOf({ accepted_at, revoked_at, expires_at }: InvitationRow, now: number): 'open' | 'expired' | 'accepted' | 'revoked' {
  if (accepted_at !== null) return 'accepted'
  if (revoked_at !== null) return 'revoked'
  return expires_at.getTime() <= now ? 'expired' : 'open'
}
