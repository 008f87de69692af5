import { type AnswerTo, type Ctx, type InputFor, orProblem, toUuid, withOrg } from '@orrery/kernel'
import { toConnection } from './connection-row.ts'
import { selectConnection } from './connection-store.ts'

export async function getConnection(ctx: Ctx, input: InputFor<'connections.get'>): Promise<AnswerTo<'connections.get'>> {
  const row = await withOrg(ctx, (tx) => selectConnection(tx, ctx.org, toUuid('con', input.connectionId)))
  return toConnection(orProblem(row, 'connection.not_found', `There is no connection ${input.connectionId}.`))
}
