import { encodeId } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { newId } from '../new-id.ts'
import { toAgent } from './agent-row.ts'
import { insertAgent } from './agent-store.ts'
import { requireHeldScopes } from './require-held-scopes.ts'

export async function createAgent(ctx: Ctx, input: InputFor<'agents.create'>): Promise<AnswerTo<'agents.create'>> {
  const { name, description } = input
  const scopes = [...new Set(input.scopes)]
  requireHeldScopes(ctx, scopes)
  const now = ctx.clock.now()
  const row = {
    org_id: ctx.org,
    agent_id: newId(now),
    name,
    description,
    scopes,
    created_at: new Date(now),
    suspended_at: null,
    last_seen_at: null,
  }
  await withOrg(ctx, (tx) => insertAgent(tx, row))
  const id = encodeId('agt', row.agent_id)
  await emitEvent(ctx, 'agent.created', id, { name })
  ctx.note(id, { name, scopes })
  return toAgent(row)
}
