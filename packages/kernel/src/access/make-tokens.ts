import type { Ctx } from '../context/context.ts'
import type { TokenClaims } from '../context/identity.ts'
import { signToken } from './token.ts'

/** An access token is good for so long, whatever happens to whoever has a copy of it. */
export const ACCESS_MS = 15 * 60_000
/** A token family that is not carried on for so long ends. */
export const REFRESH_MS = 30 * 24 * 3_600_000

/** Both tokens of a generation of a token family, as they are answered. */
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

/** When a refresh token that is made now expires: never later than the key it stands for. */
export function refreshUntil(now: number, keyExpiresAt: Date | null): Date {
  return new Date(Math.min(now + REFRESH_MS, keyExpiresAt?.getTime() ?? Number.POSITIVE_INFINITY))
}
