import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toConnection } from './connection-row.ts'
import { selectConnection } from './connection-store.ts'

export async function getConnection(ctx: Ctx, input: InputFor<'connections.get'>): Promise<AnswerTo<'connections.get'>> {
  const row = await withOrg(ctx, (tx) => selectConnection(tx, ctx.org, toUuid('con', input.connectionId)))
  return toConnection(orProblem(row, 'connection.not_found', `There is no connection ${input.connectionId}.`))
}
