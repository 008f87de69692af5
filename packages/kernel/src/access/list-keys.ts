import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { toApiKey } from './key-row.ts'
import { selectKeys } from './key-store.ts'

export async function listKeys(ctx: Ctx, input: InputFor<'keys.list'>): Promise<AnswerTo<'keys.list'>> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectKeys(tx, ctx.org, before, input.limit + 1))
  return toPage(rows, input.limit, toApiKey, (row) => [row.key_id])
}
