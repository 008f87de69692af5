import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { newId } from '../new-id.ts'
import { findHolder, isNamed } from './find-holder.ts'
import { makeTokens, nameFamily, refreshUntil, requireTokenScopes } from './make-tokens.ts'
import { insertFamily } from './token-family-store.ts'

export async function issueToken(ctx: Ctx, input: InputFor<'tokens.issue'>): Promise<AnswerTo<'tokens.issue'>> {
  const { agent, contract = null, scopes = null } = input
  const holder = findHolder(ctx)
  // A token cannot issue tokens: otherwise the holder of an ended token family could start a new one.
  if (holder === null) throw problem('unauthenticated', 'Send the API key or the secret of the credential itself, not a token.')
  if (agent !== undefined && !isNamed(ctx.actor, agent)) {
    ctx.note(ctx.actor.id, { refused: 'sent as another agent' })
    ctx.afterRollback(() => Promise.resolve())
    // The same message as for a wrong secret, so that a caller cannot find out which half of the pair was wrong.
    throw problem('unauthenticated', 'Send a valid API key or token as a bearer token, or log in again.')
  }
  requireTokenScopes(ctx, input.scopes)
  const now = ctx.clock.now()
  const begun = {
    ...holder.owner,
    org_id: ctx.org,
    family_id: newId(now),
    generation: 1,
    contract,
    created_at: new Date(now),
    revoked_at: null,
  }
  const until = await withOrg(ctx, async (tx) => {
    const expires = await refreshUntil(tx, begun, now)
    await insertFamily(tx, { ...begun, expires_at: expires })
    return expires
  })
  ctx.note(ctx.actor.id, nameFamily(begun))
  const about = { org: ctx.org, holder: holder.id, family: begun.family_id, generation: 1, contract, scopes }
  return makeTokens(ctx, about, { now, until, narrowed: null })
}
