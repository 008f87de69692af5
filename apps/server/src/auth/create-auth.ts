import { passkey } from '@better-auth/passkey'
import { betterAuth } from 'better-auth'
import { APIError } from 'better-auth/api'
import { magicLink } from 'better-auth/plugins'
import type pg from 'pg'
import { loginCookieName } from '../http/login-cookie.ts'
import { AUTH_PATH } from '../http/paths.ts'
import { devicePlugins } from './device-plugins.ts'
import { type Invitations, invitationPlugin } from './invitation-plugin.ts'
import { LINK_SECONDS, type LoginLink } from './login-link.ts'
import { type OAuthParts, oauthPlugins } from './oauth/oauth-plugins.ts'
import { type ProviderSettings, providersPlugin } from './providers.ts'
import { type LoginFact, recordPlugin } from './record-plugin.ts'
import { ADDRESS_HEADER } from './request-headers.ts'
import { type SetUp, setUpPlugin } from './set-up-plugin.ts'

export interface AuthOptions {
  /** Sees the schema `auth` alone. */
  readonly people: pg.Pool
  readonly secret: string
  /** The address at which people reach this server, without a trailing slash. Passkeys are bound to its name. */
  readonly url: string
  /** Called for each login by mail, also for addresses that are unknown. The token is good once, for LINK_SECONDS. */
  readonly sendLink: (link: LoginLink) => void
  /** Makes the first person. Null: the link is not good. */
  readonly setUp: SetUp
  readonly providers: ProviderSettings
  readonly report: (fact: LoginFact) => void
  readonly invitations: Invitations
  readonly oauth: OAuthParts
}

export type Auth = ReturnType<typeof createAuth>

/** A login ends this long after it began. */
const LOGIN_SECONDS = 90 * 24 * 3600
/** Ways to log in are added and removed by a person who proved this recently who they are. */
const FRESH_SECONDS = 10 * 60

const STAMPS = { createdAt: 'created_at', updatedAt: 'updated_at' }

/** Our names for the library's tables. */
const TABLES = {
  user: { modelName: 'person', fields: { ...STAMPS, emailVerified: 'email_verified' } },
  session: {
    modelName: 'login',
    fields: { ...STAMPS, expiresAt: 'expires_at', ipAddress: 'ip_address', userAgent: 'user_agent', userId: 'person_id' },
    expiresIn: LOGIN_SECONDS,
    disableSessionRefresh: true,
    freshAge: FRESH_SECONDS,
  },
  account: {
    modelName: 'account',
    encryptOAuthTokens: true,
    // A person connects GitHub while logged in. Its account has an address of its own, which is that of no person here.
    accountLinking: { allowDifferentEmails: true, trustedProviders: ['github'] },
    fields: {
      ...STAMPS,
      userId: 'person_id',
      providerId: 'provider_id',
      accountId: 'account_id',
      accessToken: 'access_token',
      refreshToken: 'refresh_token',
      idToken: 'id_token',
      accessTokenExpiresAt: 'access_token_expires_at',
      refreshTokenExpiresAt: 'refresh_token_expires_at',
    },
  },
  verification: { modelName: 'verification', fields: { ...STAMPS, expiresAt: 'expires_at' } },
}

const PASSKEY_FIELDS = {
  userId: 'person_id',
  publicKey: 'public_key',
  credentialID: 'credential_id',
  deviceType: 'device_type',
  backedUp: 'backed_up',
  createdAt: 'created_at',
}

/** The login library over our tables and without passwords. Invitations and profiles of ours write people, too. */
export function createAuth({ people, secret, url, sendLink, setUp, providers, report, invitations, oauth }: AuthOptions) {
  const overTls = url.startsWith('https:')
  return betterAuth({
    appName: 'Orrery',
    baseURL: url,
    basePath: AUTH_PATH,
    secret,
    database: people,
    telemetry: { enabled: false },
    logger: { disabled: true },
    trustedOrigins: [url],
    advanced: {
      database: { generateId: 'uuid' },
      cookiePrefix: 'orrery',
      // The prefix `__Secure-` would hide `__Host-`, which browsers hold to more: no Domain, so no other host of the domain can set it.
      useSecureCookies: false,
      defaultCookieAttributes: { secure: overTls },
      cookies: { session_token: { name: loginCookieName(overTls) } },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
    },
    rateLimit: {
      enabled: true,
      window: 60,
      max: 300,
      customRules: {
        '/sign-in/magic-link': { window: 60, max: 20 },
        '/magic-link/verify': { window: 60, max: 30 },
        '/sign-in/social': { window: 60, max: 30 },
        '/link-social': { window: 60, max: 30 },
        '/passkey/verify-authentication': { window: 60, max: 30 },
        '/setup': { window: 60, max: 20 },
        '/invitation': { window: 60, max: 30 },
        '/invitation/accept': { window: 60, max: 30 },
      },
    },
    ...TABLES,
    // Of the plugin `jwt`: any login would get a token.
    disabledPaths: ['/token'],
    plugins: [
      setUpPlugin(setUp),
      providersPlugin(providers),
      recordPlugin(report),
      ...devicePlugins(url, secret),
      invitationPlugin(invitations),
      ...oauthPlugins(oauth),
      magicLink({
        expiresIn: LINK_SECONDS,
        storeToken: 'hashed',
        // Only who was invited is a person.
        disableSignUp: true,
        sendMagicLink: ({ email, token, metadata }) => sendLink({ email, token, next: readNext(metadata?.next) }),
      }),
      passkey({
        rpName: 'Orrery',
        origin: url,
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        registration: {
          afterVerification: ({ verification }) => requireVerified(verification.registrationInfo?.userVerified),
        },
        authentication: {
          afterVerification: ({ verification }) => requireVerified(verification.authenticationInfo.userVerified),
        },
        schema: { passkey: { fields: PASSKEY_FIELDS } },
      }),
    ],
  })
}

/** A passkey proves who the person is, not only what it has: by finger, face or PIN (WebAuthn level 3, 6.1: the flag UV). The library does not ask. */
function requireVerified(isVerified: boolean | undefined): void {
  if (isVerified !== true)
    throw new APIError('UNAUTHORIZED', { code: 'not_verified', message: 'The passkey did not check finger, face or PIN.' })
}

/** Only paths of this server: `//host` and `/\\host` would lead elsewhere. */
function readNext(given: unknown): string | null {
  return typeof given === 'string' && given.length <= 2000 && /^\/(?![/\\])/.test(given) ? given : null
}
