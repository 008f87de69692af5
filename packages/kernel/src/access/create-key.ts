import { encodeId, PERMISSION_SETS, type Permission, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { newId } from '../new-id.ts'
import { toUuid } from '../public-ids.ts'
import { makeApiKey } from './api-key.ts'
import { toApiKey } from './key-row.ts'
import { insertKey, selectKeyById } from './key-store.ts'

export async function createKey(ctx: Ctx, input: InputFor<'keys.create'>): Promise<AnswerTo<'keys.create'>> {
  refuseTokens(ctx)
  const scopes = chooseScopes(input)
  const missing = scopes.filter((scope) => !ctx.permissions.has(scope))
  if (missing.length > 0) {
    throw problem('key.scope_too_wide', `Your key lacks ${missing.join(', ')}, so it cannot grant these scopes.`, {
      permission: missing.join(' '),
    })
  }
  const now = ctx.clock.now()
  await requireExpiry(ctx, 'key', input.expiresAt)
  const fresh = makeApiKey(ctx.kernel.secretKeys)
  const row = {
    org_id: ctx.org,
    key_id: newId(now),
    name: input.name,
    prefix: fresh.prefix,
    scopes: [...scopes],
    created_at: new Date(now),
    expires_at: input.expiresAt === undefined ? null : new Date(input.expiresAt),
    last_used_at: null,
    revoked_at: null,
  }
  await withOrg(ctx, (tx) => insertKey(tx, row, fresh.hash))
  await emitEvent(ctx, 'key.created', encodeId('key', row.key_id), { name: input.name })
  ctx.note(encodeId('key', row.key_id), { name: input.name, scopes: [...scopes] })
  return { ...toApiKey(row), secret: fresh.secret }
}

/**
 * A token family and a consent end, but a key, a credential or an invitation would stay: a token that was stolen for a moment, or a program that was
 * allowed for a while, would keep its rights forever. @throws forbidden
 */
export function refuseTokens(ctx: Ctx): void {
  const made = 'keys, credentials, organizations or invitations'
  if (ctx.client !== null) throw problem('forbidden', `${ctx.client.name} acts for you, so it cannot create ${made}. Do it yourself.`)
  if (ctx.token !== null) throw problem('forbidden', `A token cannot create ${made}: send the API key itself.`)
}

/** What is new expires in the future, and a key that expires cannot create what lasts longer than itself. @throws invalid_input */
export async function requireExpiry(ctx: Ctx, what: 'key' | 'credential', expiresAt: string | undefined): Promise<void> {
  if (expiresAt !== undefined && Date.parse(expiresAt) <= ctx.clock.now()) {
    throw problem('invalid_input', `The ${what} would already be expired.`, {
      errors: [{ path: 'expiresAt', message: 'Is in the past', expected: 'a time in the future' }],
    })
  }
  if (ctx.actor.type !== 'api_key') return
  const maker = toUuid('key', ctx.actor.id)
  const own = (await withOrg(ctx, (tx) => selectKeyById(tx, ctx.org, maker)))?.expires_at ?? null
  if (own === null || (expiresAt !== undefined && Date.parse(expiresAt) <= own.getTime())) return
  throw problem('invalid_input', `Your key expires, so it cannot create a ${what} that lasts longer.`, {
    errors: [{ path: 'expiresAt', message: 'Later than your own key expires', expected: `a time up to ${own.toISOString()}` }],
  })
}

function chooseScopes(input: InputFor<'keys.create'>): readonly Permission[] {
  if ((input.scopes === undefined) === (input.set === undefined)) {
    throw problem('invalid_input', 'Pass either scopes or a set.', {
      errors: [{ path: 'scopes', message: 'Pass exactly one of scopes and set', expected: 'a list of scopes' }],
    })
  }
  return input.set === undefined ? [...new Set(input.scopes)] : PERMISSION_SETS[input.set]
}
