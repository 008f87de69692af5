import { encodeId } from '@orrery/contract'
import { holdAgent } from '../agents/find-agent.ts'
import { requireHeldScopes } from '../agents/require-held-scopes.ts'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { newId } from '../new-id.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { makeAgentSecret } from './api-key.ts'
import { refuseTokens, requireExpiry } from './create-key.ts'
import { toCredential } from './credential-row.ts'
import { insertCredential } from './credential-store.ts'

export async function createCredential(ctx: Ctx, input: InputFor<'credentials.create'>): Promise<AnswerTo<'credentials.create'>> {
  const { agentId, name, expiresAt } = input
  refuseTokens(ctx)
  await requireExpiry(ctx, 'credential', expiresAt)
  const now = ctx.clock.now()
  const fresh = makeAgentSecret(ctx.kernel.secretKeys)
  const row = {
    org_id: ctx.org,
    credential_id: newId(now),
    agent_id: toUuid('agt', agentId),
    name,
    prefix: fresh.prefix,
    created_at: new Date(now),
    expires_at: expiresAt === undefined ? null : new Date(expiresAt),
    last_used_at: null,
    revoked_at: null,
  }
  await withOrg(ctx, async (tx) => {
    // Its scopes cannot become wider before the credential exists.
    const agent = orProblem(await holdAgent(tx, ctx.org, row.agent_id), 'agent.not_found', `There is no agent ${agentId}.`)
    requireHeldScopes(ctx, agent.scopes)
    await insertCredential(tx, row, fresh.hash)
  })
  ctx.note(encodeId('crd', row.credential_id), { agent: agentId, name })
  return { ...toCredential(row), secret: fresh.secret }
}
