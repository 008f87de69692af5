import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { orProblem } from '../public-ids.ts'
import { refuseBuiltIn, requireWidth } from './put-role.ts'
import { toRole } from './role-row.ts'
import { countMembersByRole, deleteRoleRow, lockRoles, selectRole } from './role-store.ts'

export async function deleteRole(ctx: Ctx, { role }: InputFor<'roles.delete'>): Promise<AnswerTo<'roles.delete'>> {
  refuseBuiltIn(role)
  const row = await withOrg(ctx, async (tx) => {
    await lockRoles(tx, ctx.org)
    const found = orProblem(await selectRole(tx, ctx.org, role), 'role.not_found', `There is no role ${role}.`)
    requireWidth(ctx, role, found.permissions)
    // Waits for transactions that give the role to a member, so that the count below includes that member.
    await deleteRoleRow(tx, ctx.org, role)
    const members = (await countMembersByRole(tx, ctx.org)).get(role) ?? 0
    if (members > 0) throw problem('role.in_use', `${members === 1 ? 'One member has' : `${members} members have`} the role ${role}.`)
    return found
  })
  await emitEvent(ctx, 'role.deleted', role)
  ctx.note(role)
  return toRole(row, 0)
}
