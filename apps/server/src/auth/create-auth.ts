import { passkey } from '@better-auth/passkey'
import { betterAuth } from 'better-auth'
import { magicLink } from 'better-auth/plugins'
import type pg from 'pg'
import { loginCookieName } from '../http/login-cookie.ts'
import { AUTH_PATH } from '../http/paths.ts'
import { type OAuthParts, oauthPlugins } from './oauth/oauth-plugins.ts'
import { type SetUp, setUpPlugin } from './set-up-plugin.ts'

export interface AuthOptions {
  /** Sees the schema `auth` alone. */
  readonly people: pg.Pool
  readonly secret: string
  /** The address at which people reach this server, without a trailing slash. Passkeys are bound to its name. */
  readonly url: string
  /** Asked for each login by mail, also for addresses of nobody known. The token is good once, for LINK_SECONDS. */
  readonly sendLink: (link: LoginLink) => void
  /** Makes the first person. Null: the link is not good. */
  readonly setUp: SetUp
  readonly oauth: OAuthParts
}

export interface LoginLink {
  readonly email: string
  readonly token: string
  /** The path of the page to return to; null: none was asked for. */
  readonly next: string | null
}

export type Auth = ReturnType<typeof createAuth>

/** How long a link of a mail is good. */
export const LINK_SECONDS = 10 * 60
/** A login ends this long after it began. */
const LOGIN_SECONDS = 90 * 24 * 3600
/** Ways to log in are added and removed by a person who proved this recently who they are. */
const FRESH_SECONDS = 10 * 60
/** The header in which the server names the address of a client to the login library. Clients cannot set it. */
export const ADDRESS_HEADER = 'x-orrery-address'

/** The login library over our tables and without passwords. It is the only code that writes people and their logins. */
export function createAuth({ people, secret, url, sendLink, setUp, oauth }: AuthOptions) {
  const stamps = { createdAt: 'created_at', updatedAt: 'updated_at' }
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
        '/passkey/verify-authentication': { window: 60, max: 30 },
        '/setup': { window: 60, max: 20 },
      },
    },
    user: { modelName: 'person', fields: { ...stamps, emailVerified: 'email_verified' } },
    session: {
      modelName: 'login',
      fields: { ...stamps, expiresAt: 'expires_at', ipAddress: 'ip_address', userAgent: 'user_agent', userId: 'person_id' },
      expiresIn: LOGIN_SECONDS,
      disableSessionRefresh: true,
      freshAge: FRESH_SECONDS,
    },
    account: {
      modelName: 'account',
      fields: {
        ...stamps,
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
    verification: { modelName: 'verification', fields: { ...stamps, expiresAt: 'expires_at' } },
    // Of the plugin `jwt`: any login would get a token.
    disabledPaths: ['/token'],
    plugins: [
      setUpPlugin(setUp),
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
        schema: {
          passkey: {
            fields: {
              userId: 'person_id',
              publicKey: 'public_key',
              credentialID: 'credential_id',
              deviceType: 'device_type',
              backedUp: 'backed_up',
              createdAt: 'created_at',
            },
          },
        },
      }),
    ],
  })
}

/** Only paths of this server: `//host` and `/\\host` would lead elsewhere. */
function readNext(given: unknown): string | null {
  return typeof given === 'string' && given.length <= 2000 && /^\/(?![/\\])/.test(given) ? given : null
}
