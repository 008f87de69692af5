import { type AnswerTo, type Ctx, decodeCursor, type InputFor, toPage, UUID_FORM, withOrg } from '@orrery/kernel'
import { toConnection } from './connection-row.ts'
import { selectConnections } from './connection-store.ts'

export async function listConnections(ctx: Ctx, input: InputFor<'connections.list'>): Promise<AnswerTo<'connections.list'>> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectConnections(tx, ctx.org, before, input.limit + 1))
  return toPage(rows, input.limit, toConnection, (row) => [row.connection_id])
}
