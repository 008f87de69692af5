import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { type MemberRow, toMember } from './member-row.ts'
import { selectMember } from './member-store.ts'

export async function getMember(ctx: Ctx, { memberId }: InputFor<'members.get'>): Promise<AnswerTo<'members.get'>> {
  return toMember(await getMemberRow(ctx, memberId))
}

/** @throws member.not_found */
export async function getMemberRow(ctx: Ctx, memberId: string): Promise<MemberRow> {
  const row = await withOrg(ctx, (tx) => selectMember(tx, ctx.org, toUuid('mbr', memberId)))
  return orProblem(row, 'member.not_found', `There is no member ${memberId}.`)
}
