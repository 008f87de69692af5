import { decodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { orProblem } from '../public-ids.ts'
import { listOrgsOfPerson } from './list-orgs-of-person.ts'
import { setLastOrg } from './login-store.ts'

/** Other processes notice when their cache entries for the login expire (AUTHENTICATED_FOR_MS). */
export async function switchOrg(ctx: Ctx, { orgId }: InputFor<'profile.switchOrg'>): Promise<AnswerTo<'profile.switchOrg'>> {
  const login = requireLogin(ctx)
  const { items } = await listOrgsOfPerson(ctx)
  const org = items.find((one) => one.orgId === orgId && !one.suspended)
  const found = orProblem(org, 'org.not_found', `You are no member of an organization ${orgId}.`)
  await setLastOrg(ctx.kernel.database.people, login.id, decodeId('org', orgId) ?? '')
  ctx.note(orgId)
  ctx.afterCommit(() => ctx.kernel.authenticator.forgetWhere((identity) => identity.login?.id === login.id))
  return { ...found, current: true }
}
