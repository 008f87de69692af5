import type { Caller } from '@orrery/kernel'
import type { ServerContext } from './request-info.ts'

export type Face = 'rest' | 'trpc' | 'mcp' | 'events' | 'health' | 'ordinaut'

/** The caller of a request, not verified yet. The idempotency key is null unless the face passes one. */
export function readCaller(context: ServerContext, face: Face, idempotencyKey: string | null = null): Caller {
  const { requestId, trace, address } = context.var.info
  const credential = readCredential(context.req.raw)
  return { credential, requestId, traceId: trace.traceId, idempotencyKey, face, ...(address === null ? {} : { address }) }
}

/**
 * The credential of a request: the token of `Authorization: Bearer …` (RFC 6750 2.1), or null. Other schemes are ignored. Every
 * face reads the credential here and only here, so a second kind of credential would be added to this function.
 */
export function readCredential(request: Request): string | null {
  return /^Bearer +([^\s]+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? null
}

/** True if a request tries to identify its caller, even in a scheme that the server does not support. */
export function claimsIdentity(request: Request): boolean {
  return request.headers.has('authorization')
}
