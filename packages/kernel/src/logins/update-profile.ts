import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { withOrg } from '../context/with-org.ts'
import { renameMembers } from '../members/rename-members.ts'
import { findPerson, toProfile } from './get-profile.ts'
import { updatePerson } from './person-store.ts'

/**
 * The person is written last, on a connection of its own: if the transaction of the call then cannot commit, the members keep their old names, and
 * the call can be repeated.
 */
export async function updateProfile(ctx: Ctx, input: InputFor<'profile.update'>): Promise<AnswerTo<'profile.update'>> {
  const { person } = requireLogin(ctx)
  const { name, notifyEmail } = input
  const changed = Object.entries(input).flatMap(([field, value]) => (value === undefined ? [] : [field]))
  if (changed.length === 0) {
    throw problem('invalid_input', 'Nothing would change.', {
      errors: [{ path: 'name', message: 'Pass at least one of name, locale, zone and notifyEmail', expected: 'a name' }],
    })
  }
  const locale = typeof input.locale === 'string' ? Intl.getCanonicalLocales(input.locale)[0] : input.locale
  if (name !== undefined) await withOrg(ctx, (tx) => renameMembers(ctx, tx, person, name))
  await updatePerson(ctx.kernel.database.people, person, { name, locale, zone: input.zone, notify_email: notifyEmail })
  ctx.note(ctx.actor.id, { changed })
  ctx.afterCommit(() => ctx.kernel.authenticator.forgetWhere(({ login }) => login?.person === person))
  return toProfile(await findPerson(ctx))
}
