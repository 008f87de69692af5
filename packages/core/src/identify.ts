import { type Access, isScope, problem } from '@orrery/contract'
import type { Identity } from './access/identity.ts'
import { NO_ORG } from './database.ts'
import type { Host } from './host.ts'

/** Who asks, as a face knows it. */
export interface Caller {
  /** The API key or token he sent, or who he was found to be by other means, or null. */
  readonly credential: string | Identity | null
  readonly requestId: string
  readonly traceId: string | null
  readonly idempotencyKey: string | null
  /** `rest`, `trpc`, `mcp` …; for the log. */
  readonly face: string
}

const ANYBODY: Identity = { actor: { type: 'system', id: 'anonymous', name: 'Anonymous' }, org: NO_ORG, permissions: new Set() }

/** @throws unauthenticated, rate_limited, forbidden */
export async function identify(host: Host, caller: Caller, access: Access): Promise<Identity> {
  if (access === 'public') return ANYBODY
  const { credential } = caller
  if (credential === null) throw problem('unauthenticated', 'Send an API key as a bearer token.')
  const identity = typeof credential === 'string' ? await host.authenticator.authenticate(credential) : credential
  // It is good for the next pair of tokens, and for nothing that is done with them.
  if (identity.token?.use === 'refresh' && access !== 'token')
    throw problem('unauthenticated', 'Send an access token; this one is for refreshing.')
  const refused = host.limitRate(identity.actor.id)
  if (refused !== null) throw problem('rate_limited', 'This key sends too many requests.', refused)
  if (isScope(access) && !identity.permissions.has(access))
    throw problem('forbidden', `The key lacks the scope ${access}.`, { permission: access })
  return identity
}
