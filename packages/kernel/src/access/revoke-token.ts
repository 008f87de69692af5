import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { findHolder } from './find-holder.ts'
import { endFamilies } from './token-family-store.ts'

/** Other processes notice when their cache entry for the token expires (AUTHENTICATED_FOR_MS). */
export async function revokeToken(ctx: Ctx, _input: InputFor<'tokens.revoke'>): Promise<AnswerTo<'tokens.revoke'>> {
  const which = ctx.token === null ? (findHolder(ctx)?.owner ?? null) : { family: ctx.token.family }
  const ended = which === null ? 0 : await withOrg(ctx, (tx) => endFamilies(tx, ctx.org, which, new Date(ctx.clock.now())))
  ctx.note(ctx.actor.id, { ...(ctx.token === null ? {} : { family: ctx.token.family }), ended })
  ctx.afterCommit(() => ctx.kernel.authenticator.forget(ctx.actor.id))
  return { revoked: true }
}
