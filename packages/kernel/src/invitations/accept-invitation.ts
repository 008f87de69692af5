import { decodeId, encodeId, type Id } from '@orrery/contract'
import { transactAsSystem } from '../call/act-as-system.ts'
import type { Ctx } from '../context/context.ts'
import type { Kernel } from '../context/kernel.ts'
import type { Transaction } from '../database/database.ts'
import { appendEvents } from '../events/append-events.ts'
import { toLine } from '../mail/to-line.ts'
import { addMember } from '../members/add-member.ts'
import { ensurePerson } from '../people/ensure-person.ts'
import { findPerson } from '../people/find-person.ts'
import { holdRole } from '../roles/hold-role.ts'
import { findInvitation } from './find-invitation.ts'
import { type InvitationRow, toInvitation } from './invitation-row.ts'
import { hashInvitationSecret } from './invitation-secret.ts'
import { lockByHash, updateInvitation } from './invitation-store.ts'

export interface AcceptOptions {
  /** The secret of the link. */
  readonly token: string
  /** Who is logged in. Null: no person. */
  readonly person: { readonly id: string; readonly email: string; readonly name: string } | null
  /** What a new person wants to be called. Absent: as the invitation says. */
  readonly name?: string
  /** Joins the audit entry with the request. */
  readonly requestId: string
}

export type AcceptOutcome =
  /** `isNewPerson`: this call made the person, whose address the link has proved, so the caller may log the person in. */
  | {
      readonly outcome: 'accepted'
      readonly orgId: Id<'org'>
      readonly memberId: Id<'mbr'>
      readonly person: string
      readonly isNewPerson: boolean
    }
  /** There is no open invitation with this secret: it was accepted, revoked, sent again, or has expired. */
  | { readonly outcome: 'not_found' }
  /** The address is that of a person, and a link of an invitation does not log in: that person must log in first. */
  | { readonly outcome: 'login_needed'; readonly email: string }
  /** Another person is logged in than the one who is invited. */
  | { readonly outcome: 'other_person'; readonly email: string }
  /** The person is a member already. The invitation is closed. */
  | { readonly outcome: 'already_member'; readonly orgId: Id<'org'> }

const NAME_LETTERS_MAX = 100

/**
 * Makes the person who holds the link a member. Of several calls with one link at once, one is accepted. The person is made before the member: a
 * process that dies between the two leaves a person without organizations and an open invitation, and that person logs in by mail and accepts it.
 */
export async function acceptInvitation(kernel: Kernel, options: AcceptOptions): Promise<AcceptOutcome> {
  const { token, person } = options
  const [found, hash] = [await findInvitation(kernel.database, token, kernel.clock.now()), hashInvitationSecret(token)]
  const org = found === null ? null : decodeId('org', found.orgId)
  if (found === null || hash === null || org === null) return { outcome: 'not_found' }
  if (person !== null && person.email.toLowerCase() !== found.email.toLowerCase()) return { outcome: 'other_person', email: found.email }
  /** Made by this call, in whichever attempt of the transaction. */
  let made: string | null = null
  return transactAsSystem<AcceptOutcome>(kernel, org, 'invitations', async (ctx, tx) => {
    // From here on no other call can accept, revoke or send it again.
    const row = await lockByHash(tx, org, hash)
    if (row === undefined || toInvitation(row, ctx.clock.now()).state !== 'open') return { outcome: 'not_found' }
    if (person !== null) return join(ctx, tx, { row, ...options, person, isNewPerson: false })
    if (made === null) {
      if ((await findPerson(kernel.database, row.email)) !== null) return { outcome: 'login_needed', email: row.email }
      const { id, isNew } = await ensurePerson(kernel.database, { email: row.email, name: chooseName(row, options.name) })
      if (!isNew) return { outcome: 'login_needed', email: row.email }
      made = id
    }
    return join(ctx, tx, { row, ...options, person: { id: made, name: chooseName(row, options.name) }, isNewPerson: true })
  })
}

function chooseName({ name, email }: InvitationRow, wanted = ''): string {
  return toLine(wanted, NAME_LETTERS_MAX) || name || email.slice(0, email.lastIndexOf('@'))
}

interface Joining {
  readonly row: InvitationRow
  readonly person: { readonly id: string; readonly name: string }
  readonly isNewPerson: boolean
  readonly requestId: string
}

async function join(ctx: Ctx, tx: Transaction, { row, person, isNewPerson, requestId }: Joining): Promise<AcceptOutcome> {
  const { role } = row
  // The organization may have deleted it since.
  if ((await holdRole(tx, ctx.org, role)) === null) return { outcome: 'not_found' }
  const orgId = encodeId('org', ctx.org)
  const invitationId = encodeId('inv', row.invitation_id)
  const at = Math.floor(ctx.clock.now())
  await updateInvitation(tx, row, { accepted_at: new Date(at) })
  const memberId = await addMember(
    { ...ctx, origin: { ...ctx.origin, requestId } },
    tx,
    { person: person.id, name: person.name, email: row.email, role },
    { invitation: invitationId },
  )
  if (memberId === null) return { outcome: 'already_member', orgId }
  await appendEvents(ctx, tx, [{ type: 'invitation.accepted', subject: invitationId, data: { member: memberId, role } }])
  return { outcome: 'accepted', orgId, memberId, person: person.id, isNewPerson }
}
