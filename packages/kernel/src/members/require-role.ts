import { PERMISSION_SETS, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import { knownRole, type MemberRow } from './member-row.ts'

/** A caller may only grant or take away a role whose permissions it has. @throws member.role_too_wide */
export function requireRole(ctx: Ctx, row: Pick<MemberRow, 'role'>): void {
  const role = knownRole(row)
  const missing = role === null ? ['a permission of a newer version'] : PERMISSION_SETS[role].filter((one) => !ctx.permissions.has(one))
  if (missing.length === 0) return
  throw problem('member.role_too_wide', `The role ${row.role} has ${missing.join(', ')}, which you do not have.`)
}
