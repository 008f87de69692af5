import type { Ctx } from '../context/context.ts'
import type { Transaction } from '../database/database.ts'
import { queueMailWith } from '../mail/queue-mail.ts'
import { toLine } from '../mail/to-line.ts'
import type { InvitationRow } from './invitation-row.ts'
import { makeInvitationSecret } from './invitation-secret.ts'
import { selectOrgName } from './invitation-store.ts'

/** How long the link of an invitation is good. */
const INVITATION_MS = 7 * 24 * 3_600_000
const NAME_LETTERS_MAX = 100

/** Queues a mail with a new link, in the transaction of the call. @param now ms since the epoch @returns what the invitation keeps of it */
export async function mailInvitation(ctx: Ctx, tx: Transaction, { email, role }: Pick<InvitationRow, 'email' | 'role'>, now: number) {
  const { secret, hash } = makeInvitationSecret()
  const expiresAt = new Date(now + INVITATION_MS)
  const org = await selectOrgName(tx, ctx.org)
  const text = `${nameInviter(ctx)} invites you to the organization ${org} in Orrery, with the role ${role}.

To accept, open this link. It is good until ${expiresAt.toUTCString()}, and for you alone:

${ctx.kernel.publicUrl()}/invite#${secret}

If you did not expect this mail, ignore it.
`
  const mail = await queueMailWith(ctx, tx, { recipient: email, subject: `Invitation to ${org}`, text, expiresAt: expiresAt.getTime() })
  return { hash, mail_id: mail, expires_at: expiresAt }
}

function nameInviter({ actor }: Ctx): string {
  return actor.type === 'member' ? toLine(actor.name, NAME_LETTERS_MAX) : 'An administrator'
}
