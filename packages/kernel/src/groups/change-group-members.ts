import type { Ctx } from '../context/context.ts'
import { withOrg } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'
import { emitEvent } from '../events/append-events.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { findGroup } from './get-group.ts'
import { toGroup } from './group-row.ts'
import { holdGroup } from './group-store.ts'

/** Adds or removes a member. @param change gets the group's UUID. @throws group.not_found */
export async function changeGroupMembers(
  ctx: Ctx,
  { groupId, member }: { readonly groupId: string; readonly member: string },
  change: (tx: Transaction, group: string) => Promise<void>,
) {
  const group = toUuid('grp', groupId)
  const row = await withOrg(ctx, async (tx) => {
    orProblem((await holdGroup(tx, ctx.org, group)) || null, 'group.not_found', `There is no group ${groupId}.`)
    await change(tx, group)
    return findGroup(ctx, tx, groupId)
  })
  await emitEvent(ctx, 'group.updated', groupId, { name: row.name })
  ctx.note(groupId, { name: row.name, member })
  return toGroup(row)
}
