import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toCredential } from './credential-row.ts'
import { markCredentialRevoked } from './credential-store.ts'

/** Other processes notice when their cache entries for the agent expire (AUTHENTICATED_FOR_MS). */
export async function revokeCredential(ctx: Ctx, input: InputFor<'credentials.revoke'>): Promise<AnswerTo<'credentials.revoke'>> {
  const { agentId, credentialId } = input
  const of = { org: ctx.org, agent: toUuid('agt', agentId) }
  const row = await withOrg(ctx, (tx) => markCredentialRevoked(tx, of, toUuid('crd', credentialId), new Date(ctx.clock.now())))
  const revoked = orProblem(row, 'credential.not_found', `The agent has no credential ${credentialId}.`)
  ctx.note(credentialId, { agent: agentId, name: revoked.name })
  ctx.afterCommit(() => ctx.kernel.authenticator.forget(agentId))
  return toCredential(revoked)
}
