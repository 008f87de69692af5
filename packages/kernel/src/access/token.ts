/** The text form of tokens: JSON Web Tokens (RFC 7519) signed with Ed25519. They follow the profile of RFC 9068 as far as it applies. */
import { decodeId, encodeId, type Id } from '@orrery/contract'
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { TokenClaims, TokenUse } from '../context/identity.ts'
import { knownScopes } from '../context/known-scopes.ts'
import { UUID_FORM } from '../cursor.ts'
import type { TokenKeys } from '../secrets/signing-keys.ts'

/** In ms since the epoch. The token itself holds whole seconds. */
export interface Lifetime {
  readonly issuedAt: number
  readonly expiresAt: number
}

/** A fixed word, not the public address of the server: that may change at each start, and the tokens must stay good. */
const ISSUER = 'orrery'
/** For whom a token is meant (RFC 7519 4.1.3): the API of this installation. */
const AUDIENCE = 'orrery'
/** How far the clocks of two servers of an installation may be apart (RFC 7519 4.1.4 and 4.1.6 allow a few minutes at most). */
const CLOCK_SKEW_MS = 60_000
/** `typ` of the header, so that neither kind of token is accepted as the other. */
const TYPES = { access: 'at+jwt', refresh: 'rt+jwt' } as const satisfies Record<TokenUse, string>
const FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** Orrery's own tokens have about 400 characters, and up to 1,500 more if they are narrowed to many scopes. */
const TOKEN_CHARS_MAX = 4_000

export function signToken(keys: TokenKeys, claims: TokenClaims, { issuedAt, expiresAt }: Lifetime): Promise<string> {
  const { use, org, holder, family, generation, contract, scopes } = claims
  const narrowed = scopes === null ? {} : { scope: scopes.join(' ') }
  return new SignJWT({ org: encodeId('org', org), sid: family, gen: generation, ...narrowed, ...(contract === null ? {} : { contract }) })
    .setProtectedHeader({ alg: 'EdDSA', typ: TYPES[use], kid: keys.id })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(holder)
    .setIssuedAt(Math.floor(issuedAt / 1000))
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(keys.signer)
}

/** The kind that the token's header claims; null for a text that cannot be a token of this installation. Does not verify the signature. */
export function readTokenUse(keys: TokenKeys, text: string): TokenUse | null {
  if (text.length > TOKEN_CHARS_MAX || !FORM.test(text) || !text.split('.').every(isCanonical)) return null
  return orNullIfInvalid(() => {
    const { alg, typ, kid } = decodeProtectedHeader(text)
    if (alg !== 'EdDSA' || kid !== keys.id) return null
    return typ === TYPES.access ? 'access' : typ === TYPES.refresh ? 'refresh' : null
  })
}

/** Null unless the token was signed with this key, for this API and for the use in its header, not in the future, and has not expired at `now`. */
export async function readToken(keys: TokenKeys, text: string, now: number): Promise<(TokenClaims & Lifetime) | null> {
  const use = readTokenUse(keys, text)
  if (use === null) return null
  try {
    const rules = { algorithms: ['EdDSA'], issuer: ISSUER, audience: AUDIENCE, typ: TYPES[use], currentDate: new Date(now) }
    const { payload } = await jwtVerify(text, keys.verifier, rules)
    const claims = toClaims(use, payload)
    return claims === null || claims.issuedAt > now + CLOCK_SKEW_MS ? null : claims
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

/** Null for a payload of another form: an older server may have signed one. */
function toClaims(use: TokenUse, { sub = '', iat, exp, org, sid, gen, contract, scope }: JWTPayload): (TokenClaims & Lifetime) | null {
  const orgUuid = decodeId('org', String(org))
  if (!isHolder(sub) || orgUuid === null || typeof sid !== 'string' || !UUID_FORM.test(sid)) return null
  if (typeof gen !== 'number' || iat === undefined || exp === undefined) return null
  if (scope !== undefined && typeof scope !== 'string') return null
  return {
    use,
    org: orgUuid,
    holder: sub,
    family: sid,
    generation: gen,
    contract: typeof contract === 'string' ? contract : null,
    scopes: scope === undefined ? null : knownScopes(scope.split(' ')),
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
  }
}

const isHolder = (id: string): id is Id<'key'> | Id<'agt'> => decodeId('key', id) !== null || decodeId('agt', id) !== null

/** The last character of base64url may have bits that decoders ignore: the same token could be written in several ways (RFC 4648 3.5). */
const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part

function orNullIfInvalid<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    // What jose throws for a malformed header.
    if (error instanceof TypeError || error instanceof errors.JOSEError) return null
    throw error
  }
}
