import { encodeId } from '@orrery/contract'

export interface MemberRow {
  readonly org_id: string
  readonly member_id: string
  readonly person_id: string
  readonly name: string
  readonly email: string
  readonly role: string
  readonly joined_at: Date
  readonly suspended_at: Date | null
}

/** A member with the rules of its organization. */
export interface MemberOfPersonRow extends MemberRow {
  readonly org_name: string
  readonly passkey_required: boolean
  readonly mail_domains: readonly string[]
  /** Of a role that the organization has added; null: it is built in, or not known here. */
  readonly role_permissions: readonly string[] | null
}

/** The public form of a member. */
export function toMember(row: MemberRow) {
  return {
    id: encodeId('mbr', row.member_id),
    name: row.name,
    email: row.email,
    role: row.role,
    joinedAt: row.joined_at.toISOString(),
    suspendedAt: row.suspended_at?.toISOString() ?? null,
  }
}
