import type { Transaction } from '../database/database.ts'
import { insertInto, sql } from '../database/sql.ts'
import type { RoleRow } from './role-row.ts'

const COLUMNS = sql`org_id, name, description, permissions, updated_at`

/** By name. */
export function selectRoles(tx: Transaction, org: string, limit: number): Promise<RoleRow[]> {
  return tx.rows<RoleRow>(sql`select ${COLUMNS} from app.role where org_id = ${org} order by name limit ${limit}`)
}

export function selectRole(tx: Transaction, org: string, name: string): Promise<RoleRow | undefined> {
  return tx.row<RoleRow>(sql`select ${COLUMNS} from app.role where org_id = ${org} and name = ${name}`)
}

/** Until the transaction ends, no other changes or deletes the role. */
export function selectRoleForShare(tx: Transaction, org: string, name: string): Promise<RoleRow | undefined> {
  return tx.row<RoleRow>(sql`select ${COLUMNS} from app.role where org_id = ${org} and name = ${name} for share`)
}

/** Until the transaction ends, no other adds, changes or deletes roles of the organization. */
export async function lockRoles(tx: Transaction, org: string): Promise<void> {
  await tx.row(sql`select pg_advisory_xact_lock(hashtextextended(${`orrery roles ${org}`}, 0))`)
}

export async function upsertRole(tx: Transaction, row: RoleRow): Promise<void> {
  await tx.write(
    sql`${insertInto('app.role', row)} on conflict (org_id, name)
        do update set description = excluded.description, permissions = excluded.permissions, updated_at = excluded.updated_at`,
  )
}

export async function deleteRoleRow(tx: Transaction, org: string, name: string): Promise<void> {
  await tx.write(sql`delete from app.role where org_id = ${org} and name = ${name}`)
}

/** By the name of their role, suspended members included. */
export async function countMembersByRole(tx: Transaction, org: string): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.rows<{ readonly role: string; readonly count: number }>(
    sql`select role, count(*)::int as count from app.member where org_id = ${org} group by role`,
  )
  return new Map(rows.map(({ role, count }) => [role, count]))
}
