import { encodeId, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { onConstraint } from '../database/on-constraint.ts'
import { emitEvent } from '../events/append-events.ts'
import { newId } from '../new-id.ts'
import { toGroup } from './group-row.ts'
import { insertGroup } from './group-store.ts'

export async function createGroup(ctx: Ctx, { name, description }: InputFor<'groups.create'>): Promise<AnswerTo<'groups.create'>> {
  const now = ctx.clock.now()
  const row = { org_id: ctx.org, group_id: newId(now), name, description, created_at: new Date(now) }
  await withOrg(ctx, (tx) => onConstraint(insertGroup(tx, row), nameTaken(name)))
  const id = encodeId('grp', row.group_id)
  await emitEvent(ctx, 'group.created', id, { name })
  ctx.note(id, { name })
  return toGroup({ ...row, members: 0 })
}

/** The problem of the constraint that keeps names unique. */
export function nameTaken(name: string) {
  return { member_group_org_id_name_key: () => problem('group.name_taken', `There is a group named ${name} already.`) }
}
