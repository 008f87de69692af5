import { encodeId, type Json, PERMISSIONS, type Permission, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { TokenClaims } from '../context/identity.ts'
import type { Transaction } from '../database/database.ts'
import { selectCredential } from './credential-store.ts'
import { selectKeyById } from './key-store.ts'
import { signToken } from './token.ts'
import type { FamilyOwner, TokenFamilyRow } from './token-family-store.ts'

/** Lifetime of an access token. It bounds how long a stolen copy works. */
export const ACCESS_MS = 15 * 60_000
/** Lifetime of a refresh token. A token family that is not refreshed within this time ends. */
export const REFRESH_MS = 30 * 24 * 3_600_000

interface Making {
  readonly now: number
  /** When the refresh token expires. */
  readonly until: Date
  /** Narrows the access token further than the refresh token. Null: it has the same scopes. */
  readonly narrowed: readonly Permission[] | null
}

/** Signs both tokens of one generation of a token family. Returns them as the API's answer. */
export async function makeTokens(ctx: Ctx, about: Omit<TokenClaims, 'use'>, { now, until, narrowed }: Making) {
  const { tokenKeys } = ctx.kernel
  const accessUntil = Math.min(now + ACCESS_MS, until.getTime())
  const scopes = narrowed ?? about.scopes
  const access = { ...about, use: 'access', scopes } as const
  const refresh = { ...about, use: 'refresh' } as const
  return {
    accessToken: await signToken(tokenKeys, access, { issuedAt: now, expiresAt: accessUntil }),
    accessExpiresAt: new Date(accessUntil).toISOString(),
    expiresInSeconds: Math.floor((accessUntil - now) / 1000),
    scopes: PERMISSIONS.filter((one) => ctx.permissions.has(one) && (scopes === null || scopes.includes(one))),
    refreshToken: await signToken(tokenKeys, refresh, { issuedAt: now, expiresAt: until.getTime() }),
    refreshExpiresAt: until.toISOString(),
  }
}

/** When a refresh token that is issued now expires: never later than the key or credential behind its family. */
export async function refreshUntil(tx: Transaction, family: FamilyOwner & { readonly org_id: string }, now: number): Promise<Date> {
  const { org_id: org } = family
  const owner = family.key_id === null ? await selectCredential(tx, org, family.credential_id) : await selectKeyById(tx, org, family.key_id)
  return new Date(Math.min(now + REFRESH_MS, owner?.expires_at?.getTime() ?? Number.POSITIVE_INFINITY))
}

/** @param asked scopes to which a token is to be narrowed. @throws token.scope_too_wide */
export function requireTokenScopes(ctx: Ctx, asked: readonly Permission[] = []): void {
  const missing = asked.filter((scope) => !ctx.permissions.has(scope))
  if (missing.length === 0) return
  throw problem('token.scope_too_wide', `You lack ${missing.join(', ')}, so a token of yours cannot have it.`, {
    permission: missing.join(' '),
  })
}

/** What audit entries say of a token family: also the credential of an agent, by which it was started. */
export function nameFamily(family: Pick<TokenFamilyRow, 'family_id' | 'credential_id'>): { readonly [key: string]: Json } {
  const { family_id: id, credential_id: credential } = family
  return { family: id, ...(credential === null ? {} : { credential: encodeId('crd', credential) }) }
}
