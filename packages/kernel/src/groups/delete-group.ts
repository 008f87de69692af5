import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { findGroup } from './get-group.ts'
import { toGroup } from './group-row.ts'
import { deleteGroupRow } from './group-store.ts'

export async function deleteGroup(ctx: Ctx, { groupId }: InputFor<'groups.delete'>): Promise<AnswerTo<'groups.delete'>> {
  const row = await withOrg(ctx, async (tx) => {
    const found = await findGroup(ctx, tx, groupId)
    await deleteGroupRow(tx, ctx.org, found.group_id)
    return found
  })
  await emitEvent(ctx, 'group.deleted', groupId, { name: row.name })
  ctx.note(groupId, { name: row.name })
  return toGroup(row)
}
