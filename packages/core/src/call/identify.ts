import { type Access, isScope, ProblemError, problem } from '@orrery/contract'
import type { Identity } from '../context/identity.ts'
import { classifyFailure } from '../database/classify-failure.ts'
import { NO_ORG } from '../database/database.ts'
import type { Host } from '../context/kernel.ts'

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

/** @throws unauthenticated, rate_limited, forbidden, unavailable */
export async function identify(host: Host, caller: Caller, access: Access): Promise<Identity> {
  if (access === 'public') return ANYBODY
  const { credential } = caller
  if (credential === null) throw problem('unauthenticated', 'Send an API key as a bearer token.')
  const identity = typeof credential === 'string' ? await recognize(host, caller, credential) : credential
  // It is good for the next pair of tokens, and for nothing that is done with them.
  if (identity.token?.use === 'refresh' && access !== 'token')
    throw problem('unauthenticated', 'Send an access token; this one is for refreshing.')
  const refused = host.limitRate(identity.actor.id)
  if (refused !== null) throw problem('rate_limited', 'This key sends too many requests.', refused)
  if (isScope(access) && !identity.permissions.has(access))
    throw problem('forbidden', `The key lacks the scope ${access}.`, { permission: access })
  return identity
}

/** A database that is away is no fault of the caller, on whichever face he asks. */
async function recognize(host: Host, { requestId }: Caller, credential: string): Promise<Identity> {
  try {
    return await host.authenticator.authenticate(credential)
  } catch (error) {
    if (error instanceof ProblemError) throw error
    host.log.error({ error, requestId }, 'A key could not be looked up')
    throw classifyFailure(error)
  }
}
