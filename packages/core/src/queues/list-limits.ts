import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, TEXT_FORM, toPage } from '../cursor.ts'
import { selectLimits } from './queue-store.ts'

export async function listLimits(ctx: Ctx, input: InputFor<'limits.list'>): Promise<AnswerTo<'limits.list'>> {
  const [after = ''] = decodeCursor(input.cursor, [TEXT_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectLimits(tx, ctx.org, after, input.limit + 1))
  return toPage(
    rows,
    input.limit,
    (row) => row,
    (row) => [row.name],
  )
}
