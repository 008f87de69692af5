import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { selectKeyById } from './key-store.ts'
import { makeTokens, refreshUntil } from './make-tokens.ts'
import { advanceFamily, endFamilies } from './token-family-store.ts'

export async function refreshToken(ctx: Ctx, _input: InputFor<'tokens.refresh'>): Promise<AnswerTo<'tokens.refresh'>> {
  const { token } = ctx
  if (token?.use !== 'refresh') throw problem('unauthenticated', 'Send a refresh token as the bearer token.')
  const { family, key, generation } = token
  const now = ctx.clock.now()
  const until = await withOrg(ctx, async (tx) => {
    const expires = refreshUntil(now, (await selectKeyById(tx, ctx.org, key))?.expires_at ?? null)
    const isGood = await advanceFamily(tx, { org_id: ctx.org, family_id: family, generation }, expires)
    return isGood ? expires : null
  })
  if (until === null) {
    // Two parties have used this token, and the server cannot know which one is legitimate. So the whole token family ends, and the holder
    // of the key has to start a new one.
    ctx.note(ctx.actor.id, { family, refused: 'used before', ended: true })
    ctx.afterRollback(async (tx) => {
      await endFamilies(tx, ctx.org, { family }, new Date(now))
      ctx.kernel.authenticator.forget(ctx.actor.id)
    })
    throw problem('unauthenticated', 'The refresh token was used before, so its token family has ended. Start a new one with the key.')
  }
  ctx.note(ctx.actor.id, { family })
  return makeTokens(ctx, { ...token, generation: generation + 1 }, now, until)
}
