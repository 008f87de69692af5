import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { orProblem } from '../public-ids.ts'
import { changeGroupMembers } from './change-group-members.ts'
import { readGroupActor } from './group-row.ts'
import { holdActor, insertGroupMember } from './group-store.ts'

export function addGroupMember(ctx: Ctx, input: InputFor<'groups.addMember'>): Promise<AnswerTo<'groups.addMember'>> {
  const actor = readGroupActor(input.member)
  return changeGroupMembers(ctx, input, async (tx, group) => {
    orProblem((await holdActor(tx, ctx.org, actor)) || null, 'member.not_found', `There is no member ${input.member}.`)
    await insertGroupMember(tx, ctx.org, group, actor, new Date(ctx.clock.now()))
  })
}
