import { decodeId, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { newId } from '../new-id.ts'
import { selectKeyById } from './key-store.ts'
import { makeTokens, refreshUntil } from './make-tokens.ts'
import { insertFamily } from './token-family-store.ts'

export async function issueToken(ctx: Ctx, input: InputFor<'tokens.issue'>): Promise<AnswerTo<'tokens.issue'>> {
  const key = decodeId('key', ctx.actor.id)
  // A token cannot issue tokens: otherwise the holder of an ended token family could start a new one.
  if (key === null || ctx.token !== null) throw problem('unauthenticated', 'Send the API key itself, not a token.')
  const isMeant = input.agent === undefined || [ctx.actor.id, key, ctx.actor.name].includes(input.agent)
  // The same message as for a wrong key, so that a caller cannot find out which half of the pair was wrong.
  if (!isMeant) throw problem('unauthenticated', 'Send a valid API key as a bearer token.')
  const now = ctx.clock.now()
  const family = { org: ctx.org, key, family: newId(now), generation: 1, contract: input.contract ?? null }
  const until = await withOrg(ctx, async (tx) => {
    const expires = refreshUntil(now, (await selectKeyById(tx, ctx.org, key))?.expires_at ?? null)
    await insertFamily(tx, {
      org_id: ctx.org,
      family_id: family.family,
      key_id: key,
      generation: family.generation,
      contract: family.contract,
      created_at: new Date(now),
      expires_at: expires,
      revoked_at: null,
    })
    return expires
  })
  ctx.note(ctx.actor.id, { family: family.family })
  return makeTokens(ctx, family, now, until)
}
