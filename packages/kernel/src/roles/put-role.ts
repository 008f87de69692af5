import { isBuiltInSet, type Permission, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { toRole } from './role-row.ts'
import { countMembersByRole, lockRoles, selectRole, selectRoles, upsertRole } from './role-store.ts'

/** Roles that an organization can add. */
export const ROLES_MAX = 100

/** Other processes notice when their cache entries for the members expire (AUTHENTICATED_FOR_MS). */
export async function putRole(ctx: Ctx, { role, ...input }: InputFor<'roles.put'>): Promise<AnswerTo<'roles.put'>> {
  refuseBuiltIn(role)
  const permissions = [...new Set(input.permissions)]
  requireWidth(ctx, role, permissions)
  const row = { org_id: ctx.org, name: role, description: input.description, permissions, updated_at: new Date(ctx.clock.now()) }
  const members = await withOrg(ctx, async (tx) => {
    await lockRoles(tx, ctx.org)
    const before = await selectRole(tx, ctx.org, role)
    if (before !== undefined) requireWidth(ctx, role, before.permissions)
    else if ((await selectRoles(tx, ctx.org, ROLES_MAX)).length === ROLES_MAX)
      throw problem('role.too_many', `The organization has ${ROLES_MAX} roles of its own.`)
    await upsertRole(tx, row)
    return (await countMembersByRole(tx, ctx.org)).get(role) ?? 0
  })
  await emitEvent(ctx, 'role.saved', role, { permissions })
  ctx.note(role, { permissions })
  ctx.afterCommit(() => ctx.kernel.authenticator.forgetWhere(({ org, actor }) => org === ctx.org && actor.type === 'member'))
  return toRole(row, members)
}

/** @throws role.built_in */
export function refuseBuiltIn(role: string): void {
  if (isBuiltInSet(role)) throw problem('role.built_in', `The role or set of scopes ${role} is the same in every organization.`)
}

/** @param permissions also those of newer versions, which no caller has here. @throws role.too_wide */
export function requireWidth(ctx: Ctx, role: string, permissions: readonly string[]): void {
  const missing = permissions.filter((one) => !ctx.permissions.has(one as Permission))
  if (missing.length === 0) return
  throw problem('role.too_wide', `You lack ${missing.join(', ')}, so you cannot decide about the role ${role}.`, {
    permission: missing.join(' '),
  })
}
