import { ROLES } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { ROLES_MAX } from './put-role.ts'
import { toBuiltInRole, toRole } from './role-row.ts'
import { countMembersByRole, selectRoles } from './role-store.ts'

export async function listRoles(ctx: Ctx): Promise<AnswerTo<'roles.list'>> {
  const [rows, counts] = await withOrg(
    ctx,
    async (tx) => [await selectRoles(tx, ctx.org, ROLES_MAX), await countMembersByRole(tx, ctx.org)] as const,
  )
  const count = (name: string) => counts.get(name) ?? 0
  return { items: [...ROLES.map((name) => toBuiltInRole(name, count(name))), ...rows.map((row) => toRole(row, count(row.name)))] }
}
