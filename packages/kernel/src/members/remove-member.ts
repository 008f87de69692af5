import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { leaveGroups } from '../groups/leave-groups.ts'
import { toUuid } from '../public-ids.ts'
import { changeMember } from './change-member.ts'
import { toMember } from './member-row.ts'
import { deleteMember } from './member-store.ts'

export async function removeMember(ctx: Ctx, { memberId }: InputFor<'members.remove'>): Promise<AnswerTo<'members.remove'>> {
  const row = await changeMember(ctx, {
    memberId,
    event: 'member.removed',
    become: () => null,
    write: async (tx) => {
      await deleteMember(tx, ctx.org, toUuid('mbr', memberId))
      await leaveGroups(tx, ctx.org, memberId)
    },
  })
  return toMember(row)
}
