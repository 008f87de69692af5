import type { Transaction } from '../database/database.ts'
import { assignments, empty, insertInto, sql } from '../database/sql.ts'
import type { CountedGroupRow, GroupActor, GroupMemberRow, GroupRow } from './group-row.ts'

const COUNTED = sql`g.org_id, g.group_id, g.name, g.description, g.created_at,
  (select count(*)::int from app.group_member x where x.org_id = g.org_id and x.group_id = g.group_id) as members`

export async function insertGroup(tx: Transaction, row: GroupRow): Promise<void> {
  await tx.write(insertInto('app.member_group', row))
}

/** By name. */
export function selectGroups(tx: Transaction, org: string, after: string | null, limit: number): Promise<CountedGroupRow[]> {
  return tx.rows<CountedGroupRow>(
    sql`select ${COUNTED} from app.member_group g where g.org_id = ${org} ${after === null ? empty : sql`and g.name > ${after}`}
        order by g.name limit ${limit}`,
  )
}

export function selectGroup(tx: Transaction, org: string, group: string): Promise<CountedGroupRow | undefined> {
  return tx.row<CountedGroupRow>(sql`select ${COUNTED} from app.member_group g where g.org_id = ${org} and g.group_id = ${group}`)
}

/** False: there is no such group. Otherwise no other transaction deletes it until the transaction ends. */
export async function holdGroup(tx: Transaction, org: string, group: string): Promise<boolean> {
  return (await tx.row(sql`select from app.member_group where org_id = ${org} and group_id = ${group} for key share`)) !== undefined
}

export async function updateGroupRow(
  tx: Transaction,
  org: string,
  group: string,
  changes: { readonly name?: string | undefined; readonly description?: string | undefined },
): Promise<void> {
  await tx.write(sql`update app.member_group set ${assignments(changes)} where org_id = ${org} and group_id = ${group}`)
}

export async function deleteGroupRow(tx: Transaction, org: string, group: string): Promise<void> {
  await tx.write(sql`delete from app.member_group where org_id = ${org} and group_id = ${group}`)
}

/** The members of a group in the order of their ids. */
export function selectGroupMembers(
  tx: Transaction,
  { org, group, after, limit }: { readonly org: string; readonly group: string; readonly after: string | null; readonly limit: number },
): Promise<GroupMemberRow[]> {
  return tx.rows<GroupMemberRow>(
    sql`select x.actor_type, x.actor_id, m.name, x.added_at
        from app.group_member x join app.member m on m.org_id = x.org_id and m.member_id = x.actor_id
        where x.org_id = ${org} and x.group_id = ${group} and x.actor_type = 'member' ${after === null ? empty : sql`and x.actor_id > ${after}`}
        order by x.actor_id limit ${limit}`,
  )
}

/** False: there is no such member. Otherwise no other transaction removes it from the organization until the transaction ends. */
export async function holdActor(tx: Transaction, org: string, { id }: GroupActor): Promise<boolean> {
  return (await tx.row(sql`select from app.member where org_id = ${org} and member_id = ${id} for key share`)) !== undefined
}

export async function insertGroupMember(tx: Transaction, org: string, group: string, actor: GroupActor, at: Date): Promise<void> {
  const row = { org_id: org, group_id: group, actor_type: actor.type, actor_id: actor.id, added_at: at }
  await tx.write(sql`${insertInto('app.group_member', row)} on conflict (org_id, group_id, actor_type, actor_id) do nothing`)
}

export async function deleteGroupMember(tx: Transaction, org: string, group: string, { type, id }: GroupActor): Promise<void> {
  await tx.write(
    sql`delete from app.group_member where org_id = ${org} and group_id = ${group} and actor_type = ${type} and actor_id = ${id}`,
  )
}

/** Removes an actor from all groups. */
export async function deleteFromGroups(tx: Transaction, org: string, { type, id }: GroupActor): Promise<void> {
  await tx.write(sql`delete from app.group_member where org_id = ${org} and actor_type = ${type} and actor_id = ${id}`)
}
