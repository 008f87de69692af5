import { encodeId, type Id, type Role } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { knownRole } from '../members/member-row.ts'
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

/** One after another, each as that organization: a person sees no rows of several at once but their own. */
async function listOwnOrgs({ kernel: { database } }: Ctx, person: string) {
  const found: { id: Id<'org'>; name: string; role: Role }[] = []
  for (const member of await findMembersOfPerson(database, person)) {
    const role = knownRole(member)
    if (role === null || member.suspended_at !== null) continue
    const org = await database.transaction(member.org_id, 'read only', (tx) => selectOrg(tx, member.org_id))
    if (org !== undefined) found.push({ id: encodeId('org', org.org_id), name: org.name, role })
  }
  return found
}
