import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toAgent } from './agent-row.ts'
import { deleteAgentRow } from './agent-store.ts'

/** Other processes notice when their cache entry for the agent expires (AUTHENTICATED_FOR_MS). */
export async function deleteAgent(ctx: Ctx, { agentId }: InputFor<'agents.delete'>): Promise<AnswerTo<'agents.delete'>> {
  const found = await withOrg(ctx, (tx) => deleteAgentRow(tx, ctx.org, toUuid('agt', agentId)))
  const row = orProblem(found, 'agent.not_found', `There is no agent ${agentId}.`)
  const { name } = row
  await emitEvent(ctx, 'agent.deleted', agentId, { name })
  ctx.note(agentId, { name })
  ctx.afterCommit(() => ctx.kernel.authenticator.forget(agentId))
  return toAgent(row)
}
