import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { makeTokens, nameFamily, refreshUntil, requireTokenScopes } from './make-tokens.ts'
import { advanceFamily, endFamilies, selectFamily } from './token-family-store.ts'

export async function refreshToken(ctx: Ctx, input: InputFor<'tokens.refresh'>): Promise<AnswerTo<'tokens.refresh'>> {
  const { token } = ctx
  if (token?.use !== 'refresh') throw problem('unauthenticated', 'Send a refresh token as the bearer token.')
  requireTokenScopes(ctx, input.scopes)
  const { family: id, generation } = token
  const now = ctx.clock.now()
  const [family, until] = await withOrg(ctx, async (tx) => {
    const found = await selectFamily(tx, ctx.org, id)
    if (found === undefined) return [null, null] as const
    const expires = await refreshUntil(tx, found, now)
    const isGood = await advanceFamily(tx, { org_id: ctx.org, family_id: id, generation }, expires)
    return [found, isGood ? expires : null] as const
  })
  const named = family === null ? { family: id } : nameFamily(family)
  if (until === null) {
    // Two parties have used this token, and the server cannot know which one is legitimate. So the whole token family ends, and the holder
    // of the key or credential has to start a new one.
    ctx.note(ctx.actor.id, { ...named, refused: 'used before', ended: true })
    ctx.afterRollback(async (tx) => {
      await endFamilies(tx, ctx.org, { family: id }, new Date(now))
      ctx.kernel.authenticator.forget(ctx.actor.id)
    })
    throw problem('unauthenticated', 'The refresh token was used before, so its token family has ended. Start a new one with the key.')
  }
  ctx.note(ctx.actor.id, named)
  return makeTokens(ctx, { ...token, generation: generation + 1 }, { now, until, narrowed: input.scopes ?? null })
}
