import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { withdrawMail } from '../mail/withdraw-mail.ts'
import { toInvitation } from './invitation-row.ts'
import { updateInvitation } from './invitation-store.ts'
import { takeInvitation } from './take-invitation.ts'

export async function revokeInvitation(
  ctx: Ctx,
  { invitationId }: InputFor<'invitations.revoke'>,
): Promise<AnswerTo<'invitations.revoke'>> {
  const row = await withOrg(ctx, async (tx) => {
    const before = await takeInvitation(ctx, tx, invitationId)
    if (before.accepted_at !== null) throw problem('invitation.closed', `The invitation ${invitationId} was accepted.`)
    if (before.revoked_at !== null) return before
    withdrawMail(ctx, before.mail_id)
    await emitEvent(ctx, 'invitation.revoked', invitationId, { role: before.role })
    return updateInvitation(tx, before, { revoked_at: new Date(Math.floor(ctx.clock.now())) })
  })
  ctx.note(invitationId, { role: row.role })
  return toInvitation(row, ctx.clock.now())
}
