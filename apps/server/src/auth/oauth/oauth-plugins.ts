import { AsyncLocalStorage } from 'node:async_hooks'
import { hash } from 'node:crypto'
import { oauthProvider } from '@better-auth/oauth-provider'
import {
  OAUTH_SCOPES,
  type OAuthAddresses,
  OFFLINE_SCOPE,
  type OutsidePolicy,
  orgClaim,
  signOAuthToken,
  type TokenKeys,
} from '@orrery/kernel'
import type { BetterAuthPlugin, GenericEndpointContext } from 'better-auth'
import { jwt } from 'better-auth/plugins'
import { CONSENT_PAGE, JWKS_PATH } from './addresses.ts'
import { createMetadataDocuments } from './metadata-documents.ts'
import { OAUTH_TABLES } from './table-names.ts'

export interface OAuthParts {
  readonly addresses: OAuthAddresses
  readonly tokenKeys: TokenKeys
  /** The rules for requests to the hosts of clients. */
  readonly outside: OutsidePolicy
}

/** An access token is looked up at each use anyway, so its lifetime only bounds how long a client is without the newest role. */
const ACCESS_SECONDS = 15 * 60
/** A client that does nothing for this long must ask its person again. */
const REFRESH_SECONDS = 30 * 24 * 3600
/** Also how long the page is good on which the person decides. */
const CODE_SECONDS = 10 * 60

/** The organization (a UUID) for which a person allows something, while the library handles the decision. */
export const chosenOrg = new AsyncLocalStorage<string>()

/** The parts of the login library that let programs act for people: OAuth 2.1 with our tables, our signing key and our organizations. */
export function oauthPlugins({ addresses, tokenKeys, outside }: OAuthParts): BetterAuthPlugin[] {
  return [
    {
      ...jwt({
        disableSettingJwtHeader: true,
        jwks: { remoteUrl: `${addresses.issuer}${JWKS_PATH}`, keyPairConfig: { alg: 'EdDSA' } },
        jwt: { issuer: addresses.issuer, sign: (payload) => signOAuthToken(tokenKeys, payload) },
      }),
      // No table of keys: the key is that of all tokens of the installation.
      schema: {},
    },
    oauthProvider({
      schema: OAUTH_TABLES,
      scopes: [...OAUTH_SCOPES],
      resources: [...addresses.resources],
      enforcePerClientResources: false,
      grantTypes: ['authorization_code', 'refresh_token'],
      loginPage: '/login',
      consentPage: CONSENT_PAGE,
      // The person decides each time: most clients are programs on a computer, whose name proves nothing (RFC 8252, 8.6).
      postLogin: {
        page: CONSENT_PAGE,
        shouldRedirect: () => chosenOrg.getStore() === undefined,
        consentReferenceId: () => chosenOrg.getStore(),
      },
      allowDynamicClientRegistration: true,
      allowUnauthenticatedClientRegistration: true,
      accessTokenExpiresIn: ACCESS_SECONDS,
      refreshTokenExpiresIn: REFRESH_SECONDS,
      codeExpiresIn: CODE_SECONDS,
      storeTokens: { hash: hashOf },
      customAccessTokenClaims: ({ referenceId }) => (referenceId === undefined ? {} : orgClaim(referenceId)),
      extensions: [
        {
          claims: { accessToken: async ({ ctx }) => ({ grant: await findGrant(ctx) }) },
          clientDiscovery: createMetadataDocuments(outside),
        },
      ],
      rateLimit: {
        authorize: { window: 60, max: 120 },
        token: { window: 60, max: 300 },
        revoke: { window: 60, max: 300 },
        register: { window: 60, max: 30 },
      },
      // Its types were not written for `exactOptionalPropertyTypes`.
    }) as unknown as BetterAuthPlugin,
  ]
}

export const withOffline = (scope: string): string =>
  [...new Set([...scope.split(' ').filter((one) => one !== ''), OFFLINE_SCOPE])].join(' ')

function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

/** The name of the grant to which the token will belong: the hash of its code. */
async function findGrant(ctx: GenericEndpointContext): Promise<string | undefined> {
  const { code, refresh_token: refresh } = (ctx.body ?? {}) as { readonly code?: string; readonly refresh_token?: string }
  if (typeof code === 'string') return hashOf(code)
  if (typeof refresh !== 'string') return undefined
  const where = [{ field: 'token', value: hashOf(refresh) }]
  const row = await ctx.context.adapter.findOne<{ authorizationCodeId?: string }>({ model: 'oauthRefreshToken', where })
  return row?.authorizationCodeId
}
