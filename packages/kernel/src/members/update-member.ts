import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { changeMember } from './change-member.ts'
import { type MemberRow, toMember } from './member-row.ts'
import { updateMemberRow } from './member-store.ts'

export async function updateMember(ctx: Ctx, input: InputFor<'members.update'>): Promise<AnswerTo<'members.update'>> {
  const { memberId, role, suspended } = input
  if (role === undefined && suspended === undefined) {
    throw problem('invalid_input', 'Nothing would change.', {
      errors: [{ path: 'role', message: 'Pass at least one of role and suspended', expected: 'the name of a role' }],
    })
  }
  const since = (before: MemberRow) => (suspended ? (before.suspended_at ?? new Date(ctx.clock.now())) : null)
  const row = await changeMember(ctx, {
    memberId,
    event: 'member.updated',
    become: (before) => ({
      ...before,
      role: role ?? before.role,
      suspended_at: suspended === undefined ? before.suspended_at : since(before),
    }),
    write: async (tx, after) => {
      if (after !== null) await updateMemberRow(tx, after)
    },
  })
  return toMember(row)
}
