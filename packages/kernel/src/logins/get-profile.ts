import type { Ctx } from '../context/context.ts'
import type { AnswerTo } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { type PersonRow, selectPerson } from './person-store.ts'

export async function getProfile(ctx: Ctx): Promise<AnswerTo<'profile.get'>> {
  return toProfile(await findPerson(ctx))
}

/** The person that calls. @throws login_required */
export async function findPerson(ctx: Ctx): Promise<PersonRow> {
  const row = await selectPerson(ctx.kernel.database.people, requireLogin(ctx).person)
  // Logins are deleted with their person.
  if (row === undefined) throw new Error('The person of a login is gone')
  return row
}

export function toProfile({ name, email, locale, zone, notify_email }: PersonRow) {
  return { name, email, locale, zone, notifyEmail: notify_email ?? email }
}
