import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { toErasure } from './erasure-row.ts'
import { selectErasures } from './erasure-store.ts'

export async function listErasures(ctx: Ctx, input: InputFor<'erasures.list'>): Promise<AnswerTo<'erasures.list'>> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectErasures(tx, ctx.org, before, input.limit + 1))
  return toPage(rows, input.limit, toErasure, (row) => [row.erasure_id])
}
