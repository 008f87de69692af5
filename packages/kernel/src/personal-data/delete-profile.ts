import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { withOrg } from '../context/with-org.ts'
import { seeOrg } from '../database/session-settings.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { leaveOrg } from '../members/leave-org.ts'
import { orProblem } from '../public-ids.ts'
import { addressForms } from './address-forms.ts'
import { deletePerson, deleteRecordsOfMember, selectPerson } from './record-store.ts'
import { addErasure } from './start-erasure.ts'

export async function deleteProfile(ctx: Ctx, { confirm }: InputFor<'profile.delete'>): Promise<AnswerTo<'profile.delete'>> {
  const { person } = requireLogin(ctx)
  const { database } = ctx.kernel
  const profile = orProblem(await selectPerson(database.people, person), 'login_required', 'The person was deleted.')
  if (confirm.toLowerCase() !== profile.email.toLowerCase()) {
    throw problem('invalid_input', 'This is not your e-mail address.', {
      errors: [{ path: 'confirm', message: 'Not your e-mail address', expected: 'the address with which you log in' }],
    })
  }
  // In the order of organizations, so that two persons who leave at the same time cannot deadlock.
  const members = (await findMembersOfPerson(database, person)).toSorted((a, b) => (a.org_id < b.org_id ? -1 : 1))
  return withOrg(ctx, async (tx) => {
    for (const { org_id: org, member_id: member, email } of members) {
      await seeOrg(tx, org)
      await leaveOrg(ctx, tx, org, member)
      for (const address of new Set([email.toLowerCase(), profile.email.toLowerCase()])) {
        await deleteRecordsOfMember(tx, org, member, address)
        await addErasure(ctx, tx, org, address, false)
      }
    }
    await seeOrg(tx, ctx.org)
    const outcome = await deletePerson(tx, person, addressForms(profile.email))
    if (outcome === 'last_administrator') throw problem('profile.last_administrator', 'You are the last who administers the installation.')
    // Joined an organization a moment ago.
    if (outcome === 'member') throw problem('unavailable', 'You have just joined another organization; try again.', { retryAfterMs: 1000 })
    ctx.note(ctx.actor.id, { organizations: members.length })
    return { organizations: members.length }
  })
}
