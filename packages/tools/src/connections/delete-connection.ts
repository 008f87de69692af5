import { type AnswerTo, type Ctx, emitEvent, type InputFor, orProblem, toUuid, withOrg } from '@orrery/kernel'
import { toConnection } from './connection-row.ts'
import { removeConnection } from './connection-store.ts'

export async function deleteConnection(ctx: Ctx, input: InputFor<'connections.delete'>): Promise<AnswerTo<'connections.delete'>> {
  const found = await withOrg(ctx, (tx) => removeConnection(tx, ctx.org, toUuid('con', input.connectionId)))
  const row = orProblem(found, 'connection.not_found', `There is no connection ${input.connectionId}.`)
  const summary = { name: row.name, type: row.settings.type }
  await emitEvent(ctx, 'connection.deleted', input.connectionId, summary)
  ctx.note(input.connectionId, summary)
  return toConnection(row)
}
