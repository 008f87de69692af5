import type { Role } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import { empty, insertInto, sql } from '../database/sql.ts'
import type { MemberOfPersonRow, MemberRow } from './member-row.ts'

const COLUMNS = sql`org_id, member_id, person_id, name, email, role, joined_at, suspended_at`

/** False: the person is a member already. */
export async function insertMember(tx: Transaction, row: MemberRow): Promise<boolean> {
  return (await tx.write(sql`${insertInto('app.member', row)} on conflict (org_id, person_id) do nothing`)) > 0
}

/** In the order in which they joined, because ids sort by creation time. */
export function selectMembers(tx: Transaction, org: string, after: string | null, limit: number): Promise<MemberRow[]> {
  return tx.rows<MemberRow>(
    sql`select ${COLUMNS} from app.member where org_id = ${org} ${after === null ? empty : sql`and member_id > ${after}`}
        order by member_id limit ${limit}`,
  )
}

export function selectMember(tx: Transaction, org: string, member: string): Promise<MemberRow | undefined> {
  return tx.row<MemberRow>(sql`select ${COLUMNS} from app.member where org_id = ${org} and member_id = ${member}`)
}

/** Addresses are compared without regard to case. */
export function selectMemberByEmail(tx: Transaction, org: string, email: string): Promise<MemberRow | undefined> {
  return tx.row<MemberRow>(sql`select ${COLUMNS} from app.member where org_id = ${org} and lower(email) = lower(${email}) limit 1`)
}

/** In all organizations, because the caller's is not known yet; in the order in which the person joined. Within `seePerson` of the person. */
export function selectMembersOfPerson(tx: Transaction, person: string): Promise<MemberOfPersonRow[]> {
  return tx.rows<MemberOfPersonRow>(
    sql`select m.org_id, m.member_id, m.person_id, m.name, m.email, m.role, m.joined_at, m.suspended_at,
          o.name as org_name, o.passkey_required, o.mail_domains, r.permissions as role_permissions
        from app.member m join app.org o on o.org_id = m.org_id left join app.role r on r.org_id = m.org_id and r.name = m.role
        where m.person_id = ${person} order by m.joined_at, m.member_id`,
  )
}

export async function updateMemberName(tx: Transaction, org: string, member: string, name: string): Promise<void> {
  await tx.write(sql`update app.member set name = ${name} where org_id = ${org} and member_id = ${member}`)
}

/** The ids of the admins that are not suspended. Their rows are locked, so that two of them cannot remove each other at the same time. */
export async function lockAdmins(tx: Transaction, org: string): Promise<string[]> {
  const admin: Role = 'admin'
  const rows = await tx.rows<Pick<MemberRow, 'member_id'>>(
    sql`select member_id from app.member where org_id = ${org} and role = ${admin} and suspended_at is null order by member_id for update`,
  )
  return rows.map(({ member_id }) => member_id)
}

export async function countMembers(tx: Transaction, org: string): Promise<number> {
  const row = await tx.row<{ count: number }>(sql`select count(*)::int as count from app.member where org_id = ${org}`)
  return row?.count ?? 0
}

export async function updateMemberRow(
  tx: Transaction,
  { org_id: org, member_id: member, role, suspended_at: suspendedAt }: Pick<MemberRow, 'org_id' | 'member_id' | 'role' | 'suspended_at'>,
): Promise<void> {
  await tx.write(sql`update app.member set role = ${role}, suspended_at = ${suspendedAt} where org_id = ${org} and member_id = ${member}`)
}

export async function deleteMember(tx: Transaction, org: string, member: string): Promise<void> {
  await tx.write(sql`delete from app.member where org_id = ${org} and member_id = ${member}`)
}
