import { type Permission, problem } from '@orrery/contract'
import type { Identity } from './access/authenticate.ts'
import { NO_ORG } from './database.ts'
import type { Host } from './host.ts'

/** Who asks, as a face knows it. */
export interface Caller {
  /** The API key he sent, or who he was found to be by other means, or null. */
  readonly credential: string | Identity | null
  readonly requestId: string
  readonly traceId: string | null
  readonly idempotencyKey: string | null
  /** `rest`, `trpc`, `mcp` …; for the log. */
  readonly face: string
}

const ANYBODY: Identity = { actor: { type: 'system', id: 'anonymous', name: 'Anonymous' }, org: NO_ORG, permissions: new Set() }

/** @param permission null: any valid key will do. @throws unauthenticated, rate_limited, forbidden */
export async function identify(host: Host, caller: Caller, permission: Permission | 'public' | null): Promise<Identity> {
  if (permission === 'public') return ANYBODY
  const { credential } = caller
  if (credential === null) throw problem('unauthenticated', 'Send an API key as a bearer token.')
  const identity = typeof credential === 'string' ? await host.authenticator.authenticate(credential) : credential
  const refused = host.limitRate(identity.actor.id)
  if (refused !== null) throw problem('rate_limited', 'This key sends too many requests.', refused)
  if (permission !== null && !identity.permissions.has(permission))
    throw problem('forbidden', `The key lacks the scope ${permission}.`, { permission })
  return identity
}
