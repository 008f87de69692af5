import type { Ctx } from '../context/context.ts'
import type { AnswerTo } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { orProblem } from '../public-ids.ts'
import { exportMembership } from './export-member.ts'
import { selectPerson, selectRecordsOfPerson } from './record-store.ts'

export async function exportProfile(ctx: Ctx): Promise<AnswerTo<'profile.export'>> {
  const { person } = requireLogin(ctx)
  const { database, clock } = ctx.kernel
  const profile = orProblem(await selectPerson(database.people, person), 'login_required', 'The person was deleted.')
  const memberships: AnswerTo<'profile.export'>['memberships'] = []
  for (const row of await findMembersOfPerson(database, person)) memberships.push(await exportMembership(ctx, row))
  return {
    exportedAt: new Date(clock.now()).toISOString(),
    person: profile,
    records: await selectRecordsOfPerson(database.people, person, profile.email),
    memberships,
  }
}
