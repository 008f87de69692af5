import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { continueTrace, type Trace } from '../observe/trace.ts'

/** What every face knows of the request it answers. */
export interface RequestInfo {
  readonly requestId: string
  readonly trace: Trace
  readonly startedAt: number
  /** Set by a face once it knows; for the log and the metrics. */
  operation: string | null
}

/** What the node adapter puts into a Hono context, and what we do. */
export interface ServerEnv {
  Bindings: {
    readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
    readonly outgoing?: { destroy(): unknown }
  }
  Variables: { info: RequestInfo }
}
export type ServerContext = Context<ServerEnv>

/** Ids of callers end up in logs and in the audit, so they are short and plain; another one is replaced, not refused. */
const REQUEST_ID = /^[A-Za-z0-9][\w.:+/=-]{0,127}$/

export function readRequestInfo(request: Request): RequestInfo {
  const given = request.headers.get('x-request-id')
  return {
    requestId: given !== null && REQUEST_ID.test(given) ? given : randomUUID(),
    trace: continueTrace(request.headers.get('traceparent') ?? undefined),
    startedAt: performance.now(),
    operation: null,
  }
}
