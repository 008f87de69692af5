import { type EventType, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import { withOrg } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'
import { emitEvent } from '../events/append-events.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { type MemberRow, toMember } from './member-row.ts'
import { lockAdmins, selectMember } from './member-store.ts'
import { requireRole } from './require-role.ts'

interface Change {
  readonly memberId: string
  readonly event: EventType
  /** What the member becomes; null: it is removed. */
  readonly become: (before: MemberRow) => MemberRow | null
  readonly write: (tx: Transaction, after: MemberRow | null) => Promise<void>
}

/**
 * Changes a member, within the rules for roles: a caller changes no role that is wider than its own, from or to, and an organization keeps an admin.
 * Other processes notice when their cache entry for the member expires (AUTHENTICATED_FOR_MS).
 * @throws member.not_found, role.not_found, member.role_too_wide, member.last_admin
 */
export async function changeMember(ctx: Ctx, { memberId, event, become, write }: Change): Promise<MemberRow> {
  const [before, after] = await withOrg(ctx, async (tx) => {
    // Before the member is read, so that its row cannot change afterwards.
    const admins = await lockAdmins(tx, ctx.org)
    const found = orProblem(await selectMember(tx, ctx.org, toUuid('mbr', memberId)), 'member.not_found', `There is no member ${memberId}.`)
    const made = become(found)
    await requireRole(ctx, tx, found.role)
    if (made !== null && made.role !== found.role) await requireRole(ctx, tx, made.role)
    const staysAdmin = made !== null && made.role === 'admin' && made.suspended_at === null
    if (admins.length === 1 && admins[0] === found.member_id && !staysAdmin) {
      throw problem('member.last_admin', `${found.name} is the last admin of the organization.`)
    }
    await write(tx, made)
    return [found, made] as const
  })
  const { role, suspendedAt } = toMember(after ?? before)
  // Without its name: events and audit entries stay when the person is deleted.
  await emitEvent(ctx, event, memberId, { role })
  ctx.note(memberId, { role, suspended: suspendedAt !== null })
  ctx.afterCommit(() => ctx.kernel.authenticator.forget(memberId))
  return after ?? before
}
