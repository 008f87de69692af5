import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { toAgent } from './agent-row.ts'
import { selectAgents } from './agent-store.ts'

export async function listAgents(ctx: Ctx, input: InputFor<'agents.list'>): Promise<AnswerTo<'agents.list'>> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectAgents(tx, ctx.org, before, input.limit + 1))
  return toPage(rows, input.limit, toAgent, (row) => [row.agent_id])
}
