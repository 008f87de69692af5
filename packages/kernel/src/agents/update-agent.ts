import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { type AgentRow, toAgent } from './agent-row.ts'
import { lockAgent, updateAgentRow } from './agent-store.ts'
import { requireHeldScopes } from './require-held-scopes.ts'

/** Other processes notice when their cache entry for the agent expires (AUTHENTICATED_FOR_MS). */
export async function updateAgent(ctx: Ctx, input: InputFor<'agents.update'>): Promise<AnswerTo<'agents.update'>> {
  const { agentId, ...change } = input
  if (Object.values(change).every((value) => value === undefined)) {
    throw problem('invalid_input', 'Nothing would change.', {
      errors: [{ path: 'name', message: 'Pass at least one of name, description, scopes and suspended', expected: 'a field to change' }],
    })
  }
  const after = await withOrg(ctx, async (tx) => {
    const found = await lockAgent(tx, ctx.org, toUuid('agt', agentId))
    const made = applyChange(orProblem(found, 'agent.not_found', `There is no agent ${agentId}.`), change, new Date(ctx.clock.now()))
    if (change.scopes !== undefined || change.suspended === false) requireHeldScopes(ctx, made.scopes)
    await updateAgentRow(tx, made)
    return made
  })
  const { name, scopes, suspendedAt } = toAgent(after)
  await emitEvent(ctx, 'agent.updated', agentId, { name, suspended: suspendedAt !== null })
  ctx.note(agentId, { name, scopes, suspended: suspendedAt !== null })
  ctx.afterCommit(() => ctx.kernel.authenticator.forget(agentId))
  return toAgent(after)
}

function applyChange(
  before: AgentRow,
  { name, description, scopes, suspended }: Omit<InputFor<'agents.update'>, 'agentId'>,
  now: Date,
): AgentRow {
  return {
    ...before,
    name: name ?? before.name,
    description: description ?? before.description,
    scopes: scopes === undefined ? before.scopes : [...new Set(scopes)],
    suspended_at: suspended === undefined ? before.suspended_at : suspended ? (before.suspended_at ?? now) : null,
  }
}
