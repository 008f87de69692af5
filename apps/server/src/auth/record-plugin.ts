import type { BetterAuthPlugin } from 'better-auth'
import { createAuthMiddleware, isAPIError } from 'better-auth/api'
import { ADDRESS_HEADER, REQUEST_HEADER } from './request-headers.ts'

/** What a person did to its logins, for the audit log and the log of the server. */
export interface LoginFact {
  /** `logged_in`, `logged_out`, `passkey_added` … */
  readonly what: string
  /** How: one of the ways of `LoginMethod`. */
  readonly method: string
  /** UUID of the person; null: not known, as with a wrong link. */
  readonly person: string | null
  /** The code of the refusal; null: it worked. */
  readonly refused: string | null
  readonly address: string | null
  readonly requestId: string
}

/** Endpoints by which people log in, and those that change how they do. `{}` stands for the provider in the path. */
const LOGINS = new Map([
  ['/magic-link/verify', 'link'],
  ['/passkey/verify-authentication', 'passkey'],
  ['/setup', 'setup'],
  ['/callback/github', 'github'],
  ['/callback/oidc', 'sso'],
  // The link of the mail has proved the address.
  ['/invitation/accept', 'link'],
  ['/device/token', 'device'],
])
const CHANGES = new Map([
  ['/passkey/verify-registration', ['passkey_added', 'passkey']],
  ['/passkey/delete-passkey', ['passkey_removed', 'passkey']],
  ['/unlink-account', ['account_disconnected', 'github']],
  ['/sign-out', ['logged_out', '']],
] as const)

interface Place {
  readonly path?: string | undefined
  readonly params?: Record<string, unknown> | undefined
  /** Of a code of a command line: how the person had logged in who approved it. */
  readonly approvedMethod?: unknown
}

function pathOf({ path = '', params }: Place): string {
  return path === '/callback/:id' ? `/callback/${String(params?.id)}` : path
}

/** How a login is made that begins at this endpoint. */
function methodOf(context: Place | null): string {
  if (context?.path === '/device/token' && context.approvedMethod === 'passkey') return 'passkey_device'
  return LOGINS.get(context === null ? '' : pathOf(context)) ?? 'link'
}

/** Reports logins and refused ones, and ends the login that a new one replaces. */
export function recordPlugin(report: (fact: LoginFact) => void) {
  const after = createAuthMiddleware(async (ctx) => {
    const { newSession, session, internalAdapter, returned, authCookies, secret } = ctx.context
    const path = pathOf(ctx)
    const about = {
      address: ctx.headers?.get(ADDRESS_HEADER) ?? null,
      requestId: ctx.headers?.get(REQUEST_HEADER) ?? '',
      refused: isAPIError(returned) && returned.statusCode >= 400 ? String(returned.body?.code ?? returned.statusCode) : null,
    }
    const method = LOGINS.get(path)
    if (method !== undefined) {
      // A link that is refused redirects, which is not an error of the library.
      const refused = about.refused ?? (newSession == null && session == null ? 'refused' : null)
      report({
        what: newSession == null ? 'account_connected' : 'logged_in',
        method,
        person: newSession?.user.id ?? session?.user.id ?? null,
        ...about,
        refused,
      })
      const before = newSession == null ? false : await ctx.getSignedCookie(authCookies.sessionToken.name, secret)
      if (before && before !== newSession?.session.token) await internalAdapter.deleteSession(before)
      return
    }
    const change = CHANGES.get(path as '/sign-out')
    if (change !== undefined) report({ what: change[0], method: change[1], person: session?.user.id ?? null, ...about })
  })
  return {
    id: 'orrery-record',
    schema: { session: { fields: { method: { type: 'string', required: false, input: false } } } },
    init: () => ({
      options: {
        databaseHooks: {
          session: {
            create: {
              before: async (session, context) => ({ data: { ...session, method: methodOf(context) } }),
            },
          },
        },
      },
    }),
    hooks: {
      after: [
        { matcher: ({ path = '' }) => path === '/callback/:id' || LOGINS.has(path) || CHANGES.has(path as '/sign-out'), handler: after },
      ],
    },
  } satisfies BetterAuthPlugin
}
