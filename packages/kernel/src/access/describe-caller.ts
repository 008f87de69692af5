import { encodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { selectOrg } from './org-store.ts'

export async function describeCaller(ctx: Ctx, _input: InputFor<'access.whoami'>): Promise<AnswerTo<'access.whoami'>> {
  const { actor, permissions, expiresAt } = ctx
  const own = await withOrg(ctx, (tx) => selectOrg(tx, ctx.org))
  if (own === undefined) throw new Error('The organization of the caller is missing')
  const orgs = ctx.login === null ? [] : await listOwnOrgs(ctx, ctx.login.person)
  const org = { id: encodeId('org', own.org_id), name: own.name }
  return {
    actor,
    org,
    role: orgs.find(({ id }) => id === org.id)?.role ?? null,
    permissions: [...permissions],
    administersInstallation: permissions.has('orgs:admin'),
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    orgs,
  }
}

async function listOwnOrgs({ kernel: { database } }: Ctx, person: string) {
  const members = await findMembersOfPerson(database, person)
  return members
    .filter(({ suspended_at }) => suspended_at === null)
    .map(({ org_id, org_name: name, role }) => ({ id: encodeId('org', org_id), name, role }))
}
