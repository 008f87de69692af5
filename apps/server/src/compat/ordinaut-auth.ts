/**
 * `/auth/token`, `/auth/refresh` and `/auth/revoke`. `credentials` is the secret of a credential of the agent. An API key is an agent, too: then
 * it is the key itself.
 */
import { type OutputOf, ProblemError } from '@orrery/contract'
import { z } from 'zod'
import { type ContractRoute, type Exchange, orUnauthenticated } from './contract-route.ts'

/** Small, because these bodies are read before the caller is authenticated. */
const BODY_BYTES_MAX = 16_384
const secret = z.string().min(1).max(4_096)

const credentials = z
  .object({ agent_id: z.string().min(1).max(128), credentials: secret.optional(), agent_secret: secret.optional() })
  .transform(({ agent_id: agent, credentials: given, agent_secret: named }, ctx) => {
    const key = given ?? named
    if (key !== undefined) return { agent, key }
    ctx.addIssue({ code: 'custom', path: ['credentials'], message: 'Field required', input: undefined })
    return z.NEVER
  })

const refreshBody = z.object({ refresh_token: secret })
const revokeBody = z.object({ refresh_token: secret.optional(), access_token: secret.optional(), token: secret.optional() })

async function issue(exchange: Exchange): Promise<object> {
  const { agent, key } = await exchange.body(credentials, BODY_BYTES_MAX)
  try {
    // No idempotency key: a replayed answer would contain no tokens.
    const attempt = () => exchange.call('tokens.issue', { agent, contract: 'ordinaut' }, { credential: key, idempotencyKey: null })
    return show(await exchange.logIn(agent, key, attempt))
  } catch (error) {
    throw orUnauthenticated(error, 'Invalid agent credentials')
  }
}

async function refresh(exchange: Exchange): Promise<object> {
  const { refresh_token: key } = await exchange.body(refreshBody, BODY_BYTES_MAX)
  try {
    return show(await exchange.call('tokens.refresh', {}, { credential: key, idempotencyKey: null }))
  } catch (error) {
    throw orUnauthenticated(error, 'Invalid refresh token')
  }
}

/** Revoking an invalid token succeeds (RFC 7009 2.2). */
async function revoke(exchange: Exchange): Promise<object> {
  const body = await exchange.body(revokeBody, BODY_BYTES_MAX)
  const token = body.refresh_token ?? body.token ?? body.access_token ?? exchange.credential
  // Only tokens are revoked here. API keys are revoked with `keys.revoke`.
  const isEnded = token?.startsWith('eyJ') && (await end(exchange, token))
  return { success: true, message: isEnded ? 'Token revoked successfully' : 'Token was already invalid', details: null }
}

async function end(exchange: Exchange, key: string): Promise<boolean> {
  try {
    return (await exchange.call('tokens.revoke', {}, { credential: key })).revoked
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'unauthenticated') return false
    throw error
  }
}

function show({ accessToken, refreshToken, expiresInSeconds }: OutputOf<'tokens.issue'>): object {
  return { access_token: accessToken, refresh_token: refreshToken, token_type: 'bearer', expires_in: expiresInSeconds }
}

export const authRoutes: readonly ContractRoute[] = ['/auth', '/agents/auth'].flatMap((path): ContractRoute[] => [
  { method: 'POST', path: `${path}/token`, handle: issue },
  { method: 'POST', path: `${path}/refresh`, handle: refresh },
  { method: 'POST', path: `${path}/revoke`, handle: revoke },
])
