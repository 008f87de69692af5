import type { Ctx } from '../context/context.ts'
import type { TokenClaims } from '../context/identity.ts'
import { signToken } from './token.ts'

/** Lifetime of an access token. It bounds how long a stolen copy works. */
export const ACCESS_MS = 15 * 60_000
/** Lifetime of a refresh token. A token family that is not refreshed within this time ends. */
export const REFRESH_MS = 30 * 24 * 3_600_000

/** Signs both tokens of one generation of a token family. Returns them as the API's answer. */
export async function makeTokens(ctx: Ctx, about: Omit<TokenClaims, 'use'>, issuedAt: number, until: Date) {
  const sign = (use: TokenClaims['use'], expiresAt: number) => signToken(ctx.kernel.tokenKeys, { ...about, use }, { issuedAt, expiresAt })
  const accessUntil = Math.min(issuedAt + ACCESS_MS, until.getTime())
  return {
    accessToken: await sign('access', accessUntil),
    accessExpiresAt: new Date(accessUntil).toISOString(),
    expiresInSeconds: Math.floor((accessUntil - issuedAt) / 1000),
    refreshToken: await sign('refresh', until.getTime()),
    refreshExpiresAt: until.toISOString(),
  }
}

/** When a refresh token that is issued now expires: never later than its key. */
export function refreshUntil(now: number, keyExpiresAt: Date | null): Date {
  return new Date(Math.min(now + REFRESH_MS, keyExpiresAt?.getTime() ?? Number.POSITIVE_INFINITY))
}
