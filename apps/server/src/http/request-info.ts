import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { continueTrace, type Trace } from '../observe/trace.ts'

/** What every face knows about the request it answers. */
export interface RequestInfo {
  readonly requestId: string
  readonly trace: Trace
  readonly startedAt: number
  /** The network address of the client; null if it is not known. */
  readonly address: string | null
  /** The secret of the login in the request's cookie; null: none. */
  readonly login: string | null
  /** Set by the face once it knows the operation; used for the log and the metrics. */
  operation: string | null
}

/** What the Node adapter (`Bindings`) and this server (`Variables`) put into a Hono context. */
export interface ServerEnv {
  Bindings: {
    readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
    readonly outgoing?: { destroy(): unknown }
  }
  Variables: { info: RequestInfo }
}
export type ServerContext = Context<ServerEnv>

/**
 * Request ids of callers appear in logs and in the audit log, so they must be short and plain, and not look like an id of ours: the entries
 * of what a run does bear the id of the run. Any other id is replaced, not refused.
 */
const REQUEST_ID = /^[A-Za-z0-9][\w.:+/=-]{0,127}$/
const ID_OF_OURS = /^[a-z]{2,8}_[0-9a-hjkmnp-tv-z]{26}$/i

export function readRequestInfo(request: Request, address: string | null = null, login: string | null = null): RequestInfo {
  const given = request.headers.get('x-request-id')
  return {
    requestId: given !== null && REQUEST_ID.test(given) && !ID_OF_OURS.test(given) ? given : randomUUID(),
    trace: continueTrace(request.headers.get('traceparent') ?? undefined),
    startedAt: performance.now(),
    address,
    login,
    operation: null,
  }
}
