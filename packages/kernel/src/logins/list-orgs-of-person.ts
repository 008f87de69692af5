import { encodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'

export async function listOrgsOfPerson(ctx: Ctx): Promise<AnswerTo<'profile.orgs'>> {
  const members = await findMembersOfPerson(ctx.kernel.database, requireLogin(ctx).person)
  const items = members.map((member) => ({
    orgId: encodeId('org', member.org_id),
    name: member.org_name,
    memberId: encodeId('mbr', member.member_id),
    role: member.role,
    suspended: member.suspended_at !== null,
    current: member.org_id === ctx.org,
  }))
  return { items }
}
