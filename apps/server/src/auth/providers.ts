import { genericOAuth } from 'better-auth/plugins'
import { z } from 'zod'
import type { Config } from '../config.ts'

/** Other systems by which people log in, as the operator has configured them. */
export type ProviderSettings = Pick<
  Config,
  'githubClientId' | 'githubClientSecret' | 'githubUrl' | 'oidcIssuer' | 'oidcClientId' | 'oidcClientSecret' | 'oidcName'
>

export interface ShownProvider {
  readonly id: 'github' | 'oidc'
  readonly name: string
}

/** Those that are configured, as the pages show them. */
export function listProviders(settings: ProviderSettings): readonly ShownProvider[] {
  return [
    ...(settings.oidcIssuer === undefined ? [] : [{ id: 'oidc' as const, name: settings.oidcName }]),
    ...(settings.githubClientId === undefined ? [] : [{ id: 'github' as const, name: 'GitHub' }]),
  ]
}

const PROVIDER_MS_MAX = 5000

/** Why the OpenID provider cannot be used now; null: it can, or none is configured. */
export async function findProviderFault({ oidcIssuer }: ProviderSettings): Promise<string | null> {
  if (oidcIssuer === undefined) return null
  try {
    const answer = await fetch(discoveryOf(oidcIssuer), { signal: AbortSignal.timeout(PROVIDER_MS_MAX) })
    if (!answer.ok) return `it answered ${answer.status}`
    const { issuer } = discovery.parse(await answer.json())
    return issuer === oidcIssuer ? null : `it names itself ${issuer}, not ${oidcIssuer}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** OpenID Connect Discovery 1.0, section 4. */
function discoveryOf(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
}

const discovery = z.object({ issuer: z.string() })

/** They sign no one up: only people who were invited log in. */
export function providersPlugin(settings: ProviderSettings) {
  return genericOAuth({ config: [...githubOf(settings), ...oidcOf(settings)] })
}

/** An OpenID provider logs in the person with the same verified address. Its tokens are verified by its published keys (OIDC Core 3.1.3.7). */
function oidcOf({ oidcIssuer, oidcClientId, oidcClientSecret, oidcName }: ProviderSettings) {
  if (oidcIssuer === undefined || oidcClientId === undefined) return []
  return [
    {
      providerId: 'oidc',
      name: oidcName,
      discoveryUrl: discoveryOf(oidcIssuer),
      requireIdTokenVerification: true,
      clientId: oidcClientId,
      ...(oidcClientSecret === undefined ? { tokenEndpointAuth: { method: 'none' as const } } : { clientSecret: oidcClientSecret }),
      scopes: ['openid', 'email', 'profile'],
      disableSignUp: true,
      // Some providers send it as a text, and every text would count.
      mapProfileToUser: ({ email_verified: verified }: Readonly<Record<string, unknown>>) => ({
        emailVerified: verified === true || verified === 'true',
      }),
    },
  ]
}

const githubUser = z.object({ id: z.number().int(), login: z.string(), name: z.string().nullish(), email: z.string().nullish() })

/** GitHub, or a GitHub Enterprise server. It logs in only persons who have connected their account before: its addresses prove nothing here. */
function githubOf({ githubClientId, githubClientSecret, githubUrl }: ProviderSettings) {
  if (githubClientId === undefined || githubClientSecret === undefined) return []
  const base = githubUrl.replace(/\/$/, '')
  const api = base === 'https://github.com' ? 'https://api.github.com' : `${base}/api/v3`
  return [
    {
      providerId: 'github',
      name: 'GitHub',
      authorizationUrl: `${base}/login/oauth/authorize`,
      tokenUrl: `${base}/login/oauth/access_token`,
      clientId: githubClientId,
      clientSecret: githubClientSecret,
      scopes: ['read:user'],
      disableSignUp: true,
      async getUserInfo({ accessToken }: { readonly accessToken?: string | undefined }) {
        const answer = await fetch(`${api}/user`, {
          headers: { authorization: `Bearer ${accessToken ?? ''}`, accept: 'application/vnd.github+json', 'user-agent': 'Orrery' },
          redirect: 'error',
          signal: AbortSignal.timeout(10_000),
        })
        if (!answer.ok) return null
        const { id, login, name } = githubUser.parse(await answer.json())
        return { id: String(id), name: name ?? login, email: `github-${id}@github.invalid`, emailVerified: false }
      },
    },
  ]
}
