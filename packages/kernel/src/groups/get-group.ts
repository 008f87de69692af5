import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { type CountedGroupRow, toGroup } from './group-row.ts'
import { selectGroup } from './group-store.ts'

export async function getGroup(ctx: Ctx, { groupId }: InputFor<'groups.get'>): Promise<AnswerTo<'groups.get'>> {
  return toGroup(await withOrg(ctx, (tx) => findGroup(ctx, tx, groupId)))
}

/** @throws group.not_found */
export async function findGroup(ctx: Ctx, tx: Transaction, groupId: string): Promise<CountedGroupRow> {
  return orProblem(await selectGroup(tx, ctx.org, toUuid('grp', groupId)), 'group.not_found', `There is no group ${groupId}.`)
}
