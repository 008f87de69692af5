import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { orProblem } from '../public-ids.ts'
import { findBuiltIn, toBuiltInRole, toRole } from './role-row.ts'
import { countMembersByRole, selectRole } from './role-store.ts'

export async function getRole(ctx: Ctx, { role }: InputFor<'roles.get'>): Promise<AnswerTo<'roles.get'>> {
  const [row, counts] = await withOrg(
    ctx,
    async (tx) => [await selectRole(tx, ctx.org, role), await countMembersByRole(tx, ctx.org)] as const,
  )
  const members = counts.get(role) ?? 0
  const builtIn = findBuiltIn(role)
  if (builtIn !== null) return toBuiltInRole(builtIn, members)
  return toRole(orProblem(row, 'role.not_found', `There is no role ${role}.`), members)
}
