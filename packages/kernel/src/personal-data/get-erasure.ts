import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toErasure } from './erasure-row.ts'
import { selectErasure } from './erasure-store.ts'

export async function getErasure(ctx: Ctx, { erasureId }: InputFor<'erasures.get'>): Promise<AnswerTo<'erasures.get'>> {
  const row = await withOrg(ctx, (tx) => selectErasure(tx, ctx.org, toUuid('ers', erasureId)))
  return toErasure(orProblem(row, 'erasure.not_found', `There is no erasure ${erasureId}.`))
}
