import { decodeId, encodeId } from '@orrery/contract'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { OAuthAddresses } from '../context/kernel.ts'
import { UUID_FORM } from '../cursor.ts'
import type { TokenKeys } from '../secrets/signing-keys.ts'

/** What an access token says that a person allowed to a client. Ids are UUIDs, except that of the client. */
export interface OAuthClaims {
  readonly person: string
  readonly org: string
  readonly client: string
  readonly login: string
  /** What all tokens have in common that began with one authorization. */
  readonly grant: string
  readonly scopes: readonly string[]
  readonly expiresAt: number
}

const TYPE = 'at+jwt'
/** How far the clocks of two servers of an installation may be apart. */
const CLOCK_SKEW_MS = 60_000

/** Signs what the login library puts into an access token (RFC 9068). */
export function signOAuthToken(keys: TokenKeys, payload: JWTPayload): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', typ: TYPE, kid: keys.id }).sign(keys.signer)
}

/** The name of an organization in a token. @param org a UUID */
export function orgClaim(org: string): { readonly org: string } {
  return { org: encodeId('org', org) }
}

/**
 * Null unless this installation has signed the token as an access token, it is meant for this server, and has not expired at `now`.
 * @param text a text that `readTokenUse` takes for an access token of this installation
 */
export async function readOAuthToken(keys: TokenKeys, addresses: OAuthAddresses, text: string, now: number): Promise<OAuthClaims | null> {
  try {
    const { issuer, resources } = addresses
    const rules = { algorithms: ['EdDSA'], issuer, audience: [...resources], typ: TYPE, currentDate: new Date(now) }
    const { payload } = await jwtVerify(text, keys.verifier, { ...rules, requiredClaims: ['exp', 'iat'] })
    return (payload.iat ?? 0) * 1000 > now + CLOCK_SKEW_MS ? null : toClaims(payload)
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

/** Null for a payload of another form. A token with `cnf` is bound to a key that this server does not check (RFC 7800). */
function toClaims({ sub, exp, cnf, org, sid, client_id: client, grant, scope }: JWTPayload): OAuthClaims | null {
  const orgUuid = decodeId('org', String(org))
  if (cnf !== undefined || exp === undefined || orgUuid === null) return null
  if (typeof sub !== 'string' || !UUID_FORM.test(sub) || typeof sid !== 'string' || !UUID_FORM.test(sid)) return null
  if (typeof client !== 'string' || typeof grant !== 'string' || typeof scope !== 'string') return null
  return { person: sub, org: orgUuid, client, login: sid, grant, scopes: scope.split(' '), expiresAt: exp * 1000 }
}
