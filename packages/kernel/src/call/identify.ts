import { type Access, isScope, type Permission, ProblemError, problem } from '@orrery/contract'
import type { Caller, Identity } from '../context/identity.ts'
import type { Kernel } from '../context/kernel.ts'
import { classifyFailure } from '../database/classify-failure.ts'
import { NO_ORG } from '../database/database.ts'

const ANONYMOUS: Identity = { actor: { type: 'system', id: 'anonymous', name: 'Anonymous' }, org: NO_ORG, permissions: new Set() }

/** Authenticates a caller, counts the request, and checks its permission. @throws unauthenticated, rate_limited, forbidden, unavailable */
export async function identify(kernel: Kernel, caller: Caller, access: Access): Promise<Identity> {
  if (access === 'public') return ANONYMOUS
  const { credential } = caller
  if (credential === null) throw problem('unauthenticated', 'Send an API key or a token as a bearer token, or log in.')
  const identity = typeof credential === 'string' ? await recognize(kernel, caller, credential) : credential
  if (access !== 'token') refuseExchanged(identity)
  const refused = kernel.limitRate(`${identity.org} ${identity.actor.type} ${identity.actor.id}`)
  if (refused !== null) throw problem('rate_limited', 'You send too many requests.', refused)
  if (isScope(access) && !identity.permissions.has(access))
    throw problem('forbidden', describeLack(identity, access), { permission: access })
  return identity
}

function describeLack({ actor }: Identity, permission: Permission): string {
  return actor.type === 'member' ? `Your role lacks the permission ${permission}.` : `The key lacks the scope ${permission}.`
}

/** What may only be exchanged for tokens, or revoked. @throws unauthenticated */
function refuseExchanged({ token, credential }: Identity): void {
  if (token?.use === 'refresh') throw problem('unauthenticated', 'Send an access token; this is a refresh token.')
  if (credential === undefined) return
  throw problem(
    'unauthenticated',
    'Send an access token; this is the secret of an agent, which can only be exchanged for one (/auth/token).',
  )
}

/** Answers an unreachable database with `unavailable`, so that the caller does not take its key for invalid. */
async function recognize(kernel: Kernel, { requestId, ...caller }: Caller, secret: string): Promise<Identity> {
  try {
    return await kernel.authenticator.authenticate(secret, caller)
  } catch (error) {
    if (error instanceof ProblemError) throw error
    kernel.log.error({ error, requestId }, 'A key could not be looked up')
    throw classifyFailure(error)
  }
}
