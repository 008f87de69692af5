import { encodeId, ROLES, type Role } from '@orrery/contract'

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

/** A role that a newer server has stored allows nothing here. */
export function knownRole({ role }: Pick<MemberRow, 'role'>): Role | null {
  return ROLES.find((one) => one === role) ?? null
}

/** The public form of a member. */
export function toMember(row: MemberRow) {
  return {
    id: encodeId('mbr', row.member_id),
    name: row.name,
    email: row.email,
    role: knownRole(row) ?? 'viewer',
    joinedAt: row.joined_at.toISOString(),
    suspendedAt: row.suspended_at?.toISOString() ?? null,
  }
}
