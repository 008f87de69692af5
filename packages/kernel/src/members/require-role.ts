import { type Permission, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { Transaction } from '../database/database.ts'
import { orProblem } from '../public-ids.ts'
import { holdRole } from '../roles/hold-role.ts'

/**
 * A caller may only grant or take away a role whose permissions it has. Until the transaction ends, the role is neither changed nor deleted.
 * @throws role.not_found, member.role_too_wide
 */
export async function requireRole(ctx: Ctx, tx: Transaction, role: string): Promise<void> {
  const allowed = orProblem(await holdRole(tx, ctx.org, role), 'role.not_found', `There is no role ${role}.`)
  const missing = allowed.filter((one) => !ctx.permissions.has(one as Permission))
  if (missing.length === 0) return
  throw problem('member.role_too_wide', `The role ${role} has ${missing.join(', ')}, which you do not have.`)
}
