import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { onConstraint } from '../database/on-constraint.ts'
import { emitEvent } from '../events/append-events.ts'
import { nameTaken } from './create-group.ts'
import { findGroup } from './get-group.ts'
import { toGroup } from './group-row.ts'
import { updateGroupRow } from './group-store.ts'

export async function updateGroup(ctx: Ctx, input: InputFor<'groups.update'>): Promise<AnswerTo<'groups.update'>> {
  const { groupId, name, description } = input
  if (name === undefined && description === undefined) {
    throw problem('invalid_input', 'Nothing would change.', {
      errors: [{ path: 'name', message: 'Pass at least one of name and description', expected: 'a name' }],
    })
  }
  const row = await withOrg(ctx, async (tx) => {
    const before = await findGroup(ctx, tx, groupId)
    await onConstraint(updateGroupRow(tx, ctx.org, before.group_id, { name, description }), nameTaken(name ?? before.name))
    return findGroup(ctx, tx, groupId)
  })
  await emitEvent(ctx, 'group.updated', groupId, { name: row.name })
  ctx.note(groupId, { name: row.name })
  return toGroup(row)
}
