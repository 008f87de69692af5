import { encodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { Transaction } from '../database/database.ts'
import { seeOrg, seePerson } from '../database/session-settings.ts'
import { appendEvents } from '../events/append-events.ts'
import { selectMembersOfPerson, updateMemberName } from './member-store.ts'

/** Gives a person (a UUID) a new name in all organizations, one after the other, and returns to the organization of the call. */
export async function renameMembers(ctx: Ctx, tx: Transaction, person: string, name: string): Promise<void> {
  await seePerson(tx, person)
  const members = (await selectMembersOfPerson(tx, person)).filter((member) => member.name !== name)
  // In the order of their ids, so that two transactions cannot deadlock.
  for (const { org_id: org, member_id: member, role } of members.toSorted((a, b) => (a.org_id < b.org_id ? -1 : 1))) {
    await seeOrg(tx, org)
    await updateMemberName(tx, org, member, name)
    await appendEvents({ ...ctx, org }, tx, [{ type: 'member.updated', subject: encodeId('mbr', member), data: { name, role } }])
  }
  await seeOrg(tx, ctx.org)
}
