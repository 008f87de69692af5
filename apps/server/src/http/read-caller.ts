import { decodeId, problem } from '@orrery/contract'
import type { Caller } from '@orrery/kernel'
import type { ServerContext } from './request-info.ts'

/** Names the organization in which a person acts who is a member of several. Keys and tokens have one organization. */
export const ORG_HEADER = 'Orrery-Org'

export type Face = 'rest' | 'trpc' | 'mcp' | 'events' | 'health' | 'ordinaut'

/** The caller of a request, not verified yet. The idempotency key is null unless the face passes one. */
export function readCaller(context: ServerContext, face: Face, idempotencyKey: string | null = null): Caller {
  const { requestId, trace, address, login } = context.var.info
  const credential = readCredential(context.req.raw) ?? login
  const org = readOrg(context.req.raw)
  const from = { ...(address === null ? {} : { address }), ...(org === null ? {} : { org }) }
  return { credential, requestId, traceId: trace.traceId, idempotencyKey, face, ...from }
}

/** The organization in which a person wants to act, as a UUID. */
function readOrg(request: Request): string | null {
  const given = request.headers.get(ORG_HEADER)
  if (given === null) return null
  const org = decodeId('org', given)
  if (org !== null) return org
  const errors = [{ path: ORG_HEADER, message: 'Expected the id of an organization, such as org_….' }]
  throw problem('invalid_input', `The header ${ORG_HEADER} does not name an organization.`, { errors })
}

/** The token of `Authorization: Bearer …` (RFC 6750 2.1), or null. Other schemes are ignored. It wins over the cookie of a login. */
export function readCredential(request: Request): string | null {
  return /^Bearer +([^\s]+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? null
}

/** True if a request tries to identify its caller, even in a scheme that the server does not support. */
export function claimsIdentity(request: Request): boolean {
  return request.headers.has('authorization')
}
