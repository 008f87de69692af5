import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toAgent } from './agent-row.ts'
import { selectAgent } from './agent-store.ts'

export async function getAgent(ctx: Ctx, { agentId }: InputFor<'agents.get'>): Promise<AnswerTo<'agents.get'>> {
  const row = await withOrg(ctx, (tx) => selectAgent(tx, ctx.org, toUuid('agt', agentId)))
  return toAgent(orProblem(row, 'agent.not_found', `There is no agent ${agentId}.`))
}
