import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, TEXT_FORM, toPage } from '../cursor.ts'
import { toGroup } from './group-row.ts'
import { selectGroups } from './group-store.ts'

export async function listGroups(ctx: Ctx, input: InputFor<'groups.list'>): Promise<AnswerTo<'groups.list'>> {
  const [after = null] = decodeCursor(input.cursor, [TEXT_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectGroups(tx, ctx.org, after, input.limit + 1))
  return toPage(rows, input.limit, toGroup, (row) => [row.name])
}
