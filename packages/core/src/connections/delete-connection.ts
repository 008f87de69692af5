import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toConnection } from './connection-row.ts'
import { removeConnection } from './connection-store.ts'

export async function deleteConnection(ctx: Ctx, input: InputFor<'connections.delete'>): Promise<AnswerTo<'connections.delete'>> {
  const found = await withOrg(ctx, (tx) => removeConnection(tx, ctx.org, toUuid('con', input.connectionId)))
  const row = orProblem(found, 'connection.not_found', `There is no connection ${input.connectionId}.`)
  const told = { name: row.name, type: row.settings.type }
  await emitEvent(ctx, 'connection.deleted', input.connectionId, told)
  ctx.note(input.connectionId, told)
  return toConnection(row)
}
