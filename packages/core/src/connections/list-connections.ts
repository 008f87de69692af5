import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { toConnection } from './connection-row.ts'
import { selectConnections } from './connection-store.ts'

export async function listConnections(ctx: Ctx, input: InputFor<'connections.list'>): Promise<AnswerTo<'connections.list'>> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectConnections(tx, ctx.org, before, input.limit + 1))
  return toPage(rows, input.limit, toConnection, (row) => [row.connection_id])
}
