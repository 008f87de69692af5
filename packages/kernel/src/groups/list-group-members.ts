import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { findGroup } from './get-group.ts'
import { toGroupMember } from './group-row.ts'
import { selectGroupMembers } from './group-store.ts'

export async function listGroupMembers(ctx: Ctx, input: InputFor<'groups.members'>): Promise<AnswerTo<'groups.members'>> {
  const [after = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const rows = await withOrg(ctx, async (tx) => {
    const { group_id: group } = await findGroup(ctx, tx, input.groupId)
    return selectGroupMembers(tx, { org: ctx.org, group, after, limit: input.limit + 1 })
  })
  return toPage(rows, input.limit, toGroupMember, (row) => [row.actor_id])
}
