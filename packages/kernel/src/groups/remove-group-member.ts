import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { changeGroupMembers } from './change-group-members.ts'
import { readGroupActor } from './group-row.ts'
import { deleteGroupMember } from './group-store.ts'

export function removeGroupMember(ctx: Ctx, input: InputFor<'groups.removeMember'>): Promise<AnswerTo<'groups.removeMember'>> {
  const actor = readGroupActor(input.member)
  return changeGroupMembers(ctx, input, (tx, group) => deleteGroupMember(tx, ctx.org, group, actor))
}
