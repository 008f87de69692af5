import { passkey } from '@better-auth/passkey'
import { betterAuth } from 'better-auth'
import { magicLink } from 'better-auth/plugins'
import type pg from 'pg'

export interface AuthOptions {
  /** Sees the schema `auth` alone. */
  readonly people: pg.Pool
  readonly secret: string
  /** The address of this server, without a trailing slash. */
  readonly url: string
  /** Sends a link by mail. It is good once, for LINK_SECONDS. */
  readonly sendLink: (email: string, url: string) => Promise<void>
}

export const AUTH_PATH = '/auth'
/** How long a link of a mail is good. */
export const LINK_SECONDS = 10 * 60
/** A login that is not used for this long ends. */
const IDLE_SECONDS = 14 * 24 * 3600
const RENEW_SECONDS = 24 * 3600

/** The login library over our tables and without passwords. It is the only code that writes people and their logins. */
export function createAuth({ people, secret, url, sendLink }: AuthOptions) {
  const stamps = { createdAt: 'created_at', updatedAt: 'updated_at' }
  return betterAuth({
    appName: 'Orrery',
    baseURL: url,
    basePath: AUTH_PATH,
    secret,
    database: people,
    telemetry: { enabled: false },
    advanced: { database: { generateId: 'uuid' }, cookiePrefix: 'orrery', useSecureCookies: url.startsWith('https:') },
    user: { modelName: 'person', fields: { ...stamps, emailVerified: 'email_verified' } },
    session: {
      modelName: 'login',
      fields: { ...stamps, expiresAt: 'expires_at', ipAddress: 'ip_address', userAgent: 'user_agent', userId: 'person_id' },
      expiresIn: IDLE_SECONDS,
      updateAge: RENEW_SECONDS,
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
    plugins: [
      magicLink({
        expiresIn: LINK_SECONDS,
        storeToken: 'hashed',
        // Only who was invited is a person.
        disableSignUp: true,
        sendMagicLink: ({ email, url: link }) => sendLink(email, link),
      }),
      passkey({
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
