import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toApiKey } from './key-row.ts'
import { markRevoked } from './key-store.ts'

/** Other processes notice when their cache entry for the key expires (AUTHENTICATED_FOR_MS). */
export async function revokeKey(ctx: Ctx, input: InputFor<'keys.revoke'>): Promise<AnswerTo<'keys.revoke'>> {
  const row = await withOrg(ctx, (tx) => markRevoked(tx, ctx.org, toUuid('key', input.keyId), new Date(ctx.clock.now())))
  const revoked = orProblem(row, 'key.not_found', `There is no key ${input.keyId}.`)
  await emitEvent(ctx, 'key.revoked', input.keyId, { name: revoked.name })
  ctx.afterCommit(() => ctx.kernel.authenticator.forget(input.keyId))
  return toApiKey(revoked)
}
