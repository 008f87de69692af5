import { problem } from '@orrery/contract'
import { refuseTokens } from '../access/create-key.ts'
import { findRules } from '../access/get-org-rules.ts'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'
import { onConstraint } from '../database/on-constraint.ts'
import { emitEvent } from '../events/append-events.ts'
import { findBrokenRule } from '../members/member-rules.ts'
import { requireNoMember } from '../members/require-no-member.ts'
import { requireRole } from '../members/require-role.ts'
import { newId } from '../new-id.ts'
import { type InvitationRow, toInvitation } from './invitation-row.ts'
import { insertInvitation, revokeExpired } from './invitation-store.ts'
import { mailInvitation } from './mail-invitation.ts'

export async function createInvitation(ctx: Ctx, input: InputFor<'invitations.create'>): Promise<AnswerTo<'invitations.create'>> {
  refuseTokens(ctx)
  const { name = null, role } = input
  const email = normalizeEmail(input.email)
  const now = Math.floor(ctx.clock.now())
  const row = await withOrg(ctx, async (tx): Promise<InvitationRow> => {
    await requireRole(ctx, tx, role)
    await requireMailDomain(ctx, tx, email)
    await requireNoMember(tx, ctx.org, email)
    await revokeExpired(tx, ctx.org, email, new Date(now))
    const { hash, ...link } = await mailInvitation(ctx, tx, { email, role }, now)
    const made = {
      ...{ org_id: ctx.org, invitation_id: newId(now), email, name, role, ...link },
      ...{ invited_by: ctx.actor.id, created_at: new Date(now), accepted_at: null, revoked_at: null },
    }
    await onConstraint(insertInvitation(tx, made, hash), {
      invitation_open: () => problem('invitation.pending', `${email} has an open invitation already.`),
    })
    return made
  })
  const invitation = toInvitation(row, now)
  await emitEvent(ctx, 'invitation.created', invitation.id, { role })
  ctx.note(invitation.id, { role })
  return invitation
}

/** @throws mail_domain_refused */
async function requireMailDomain(ctx: Ctx, tx: Transaction, email: string): Promise<void> {
  if (findBrokenRule(await findRules(ctx, tx), email, 'passkey') === null) return
  throw problem('mail_domain_refused', `The organization has no members with addresses such as ${email}.`)
}

/** The domain in lower case. The part before the @ stays as written, because only its own server knows whether case matters there. */
function normalizeEmail(email: string): string {
  const at = email.lastIndexOf('@')
  return email.slice(0, at) + email.slice(at).toLowerCase()
}
