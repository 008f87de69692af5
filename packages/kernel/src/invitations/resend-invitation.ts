import { problem } from '@orrery/contract'
import { refuseTokens } from '../access/create-key.ts'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { withdrawMail } from '../mail/withdraw-mail.ts'
import { toInvitation } from './invitation-row.ts'
import { updateInvitation } from './invitation-store.ts'
import { mailInvitation } from './mail-invitation.ts'
import { takeInvitation } from './take-invitation.ts'

export async function resendInvitation(
  ctx: Ctx,
  { invitationId }: InputFor<'invitations.resend'>,
): Promise<AnswerTo<'invitations.resend'>> {
  refuseTokens(ctx)
  const now = Math.floor(ctx.clock.now())
  const row = await withOrg(ctx, async (tx) => {
    const before = await takeInvitation(ctx, tx, invitationId)
    if (before.accepted_at !== null) throw problem('invitation.closed', `The invitation ${invitationId} was accepted.`)
    if (before.revoked_at !== null) throw problem('invitation.closed', `The invitation ${invitationId} was revoked.`)
    withdrawMail(ctx, before.mail_id)
    return updateInvitation(tx, before, await mailInvitation(ctx, tx, before, now))
  })
  ctx.note(invitationId, { role: row.role })
  return toInvitation(row, now)
}
