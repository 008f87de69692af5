import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { toMember } from './member-row.ts'
import { selectMembers } from './member-store.ts'

export async function listMembers(ctx: Ctx, input: InputFor<'members.list'>): Promise<AnswerTo<'members.list'>> {
  const [after = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectMembers(tx, ctx.org, after, input.limit + 1))
  return toPage(rows, input.limit, toMember, (row) => [row.member_id])
}
