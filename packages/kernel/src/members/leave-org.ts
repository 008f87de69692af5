import { encodeId, problem } from '@orrery/contract'
import { recordAudit } from '../audit/record-audit.ts'
import { digest } from '../canonical-json.ts'
import type { Ctx } from '../context/context.ts'
import type { Transaction } from '../database/database.ts'
import { appendEvents } from '../events/append-events.ts'
import { newId } from '../new-id.ts'
import { countMembers, deleteMember, lockAdmins } from './member-store.ts'

/**
 * Takes a person out of an organization that the transaction sees, by its own wish, with the event; and an audit entry, if it is not the
 * organization of the call. @throws member.last_admin if others stay
 */
export async function leaveOrg(ctx: Ctx, tx: Transaction, org: string, member: string): Promise<void> {
  const admins = await lockAdmins(tx, org)
  const isLast = admins.length === 1 && admins[0] === member
  if (isLast && (await countMembers(tx, org)) > 1) {
    throw problem('member.last_admin', `You are the last admin of the organization ${encodeId('org', org)}.`)
  }
  await deleteMember(tx, org, member)
  const id = encodeId('mbr', member)
  await appendEvents({ ...ctx, org }, tx, [{ type: 'member.removed', subject: id }])
  ctx.afterCommit(() => ctx.kernel.authenticator.forget(id))
  if (org === ctx.org) return
  const at = Math.floor(ctx.clock.now())
  const actor = { type: 'member', id, name: '' } as const
  const inputDigest = digest(null).toString('hex')
  const about = { action: 'profile.deleted', subject: id, inputDigest, detail: null, requestId: ctx.origin.requestId }
  await recordAudit(tx, [{ org, id: newId(at), at, actor, ...about }])
}
