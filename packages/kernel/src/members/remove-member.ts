import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { leaveGroups } from '../groups/leave-groups.ts'
import { toUuid } from '../public-ids.ts'
import { changeMember } from './change-member.ts'
import { type MemberRow, toMember } from './member-row.ts'
import { deleteMember } from './member-store.ts'

export async function removeMember(ctx: Ctx, { memberId }: InputFor<'members.remove'>): Promise<AnswerTo<'members.remove'>> {
  return toMember(await takeOut(ctx, memberId))
}

/** Removes a member by the rules of `changeMember`. Returns what it was. */
export function takeOut(ctx: Ctx, memberId: string): Promise<MemberRow> {
  return changeMember(ctx, {
    memberId,
    event: 'member.removed',
    become: () => null,
    write: async (tx) => {
      await deleteMember(tx, ctx.org, toUuid('mbr', memberId))
      await leaveGroups(tx, ctx.org, memberId)
    },
  })
}
