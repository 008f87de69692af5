import { type AnswerTo, type Ctx, decodeCursor, type InputFor, TEXT_FORM, toPage, withOrg } from '@orrery/kernel'
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
