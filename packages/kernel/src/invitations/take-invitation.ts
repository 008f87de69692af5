import type { Ctx } from '../context/context.ts'
import type { Transaction } from '../database/database.ts'
import { requireRole } from '../members/require-role.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import type { InvitationRow } from './invitation-row.ts'
import { lockInvitation } from './invitation-store.ts'

/** Locks an invitation that the caller may change. @throws invitation.not_found, member.role_too_wide */
export async function takeInvitation(ctx: Ctx, tx: Transaction, invitationId: string): Promise<InvitationRow> {
  const found = await lockInvitation(tx, ctx.org, toUuid('inv', invitationId))
  const row = orProblem(found, 'invitation.not_found', `There is no invitation ${invitationId}.`)
  await requireRole(ctx, tx, row.role)
  return row
}
