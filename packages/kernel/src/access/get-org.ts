import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { acrossOrgs, withOrg } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toOrg } from './list-orgs.ts'
import { selectOrg } from './org-store.ts'

/** The name of the organization that the transaction sees. */
export async function nameOfOrg(tx: Transaction, org: string): Promise<string> {
  return (await selectOrg(tx, org))?.name ?? ''
}

export async function getOrg(ctx: Ctx, input: InputFor<'orgs.get'>): Promise<AnswerTo<'orgs.get'>> {
  const org = input.orgId === 'current' ? ctx.org : toUuid('org', input.orgId)
  const read = ctx.permissions.has('orgs:admin') ? acrossOrgs : withOrg
  const row = await read(ctx, (tx) => selectOrg(tx, org))
  return toOrg(orProblem(row, 'org.not_found', `There is no organization ${input.orgId}.`))
}
