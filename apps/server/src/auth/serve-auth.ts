import { problem } from '@orrery/contract'
import { Hono } from 'hono'
import { writeCookies } from '../http/login-cookie.ts'
import { AUTH_PATH } from '../http/paths.ts'
import { boundBody } from '../http/read-body.ts'
import { readCredential } from '../http/read-caller.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'
import type { Auth } from './create-auth.ts'
import { ADDRESS_HEADER, REQUEST_HEADER } from './request-headers.ts'

/** What of the login library is open. It has more endpoints, which change what operations of ours change, with their rules and audit. */
const OPEN = [
  'POST /setup',
  'POST /invitation',
  'POST /invitation/accept',
  'POST /sign-in/magic-link',
  'GET /magic-link/verify',
  'GET /passkey/generate-authenticate-options',
  'POST /passkey/verify-authentication',
  'GET /passkey/generate-register-options',
  'POST /passkey/verify-registration',
  'GET /passkey/list-user-passkeys',
  'POST /passkey/delete-passkey',
  'POST /sign-out',
  'POST /sign-in/social',
  'POST /link-social',
  'POST /unlink-account',
  'GET /list-accounts',
  'GET /callback/github',
  'GET /callback/oidc',
  'POST /device/code',
  'POST /device/token',
  'GET /device',
  'POST /device/approve',
  'POST /device/deny',
] as const

/** What changes how a person logs in needs a recent proof of who they are, like operations that do. */
const DANGEROUS: ReadonlySet<string> = new Set([
  '/passkey/delete-passkey',
  '/link-social',
  '/unlink-account',
  // The new login counts as proved just now.
  '/device/approve',
])

/** Small, because these bodies are read before anything is known of the caller. */
const BODY_BYTES_MAX = 32_768

interface AuthFaceParts {
  readonly auth: () => Promise<Auth>
  /** The address at which people reach this server, without a trailing slash. */
  readonly url: () => string
  /** The name of the login's cookie. */
  readonly cookie: () => string
  /** Whether the secret is that of a browser's login that has not ended. */
  readonly isLogin: (secret: string) => Promise<boolean>
  /** @throws proof_required */
  readonly requireProof: (secret: string | null) => Promise<void>
}

/** The login library on our server. Its cookies count only for requests of our own pages, and only for logins that are still good. */
export function serveAuth(parts: AuthFaceParts): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  for (const [method, path] of OPEN.map((one) => one.split(' ') as [string, string])) {
    app.on(method, `${AUTH_PATH}${path}`, async (context) => {
      context.var.info.operation = `auth${path}`
      if (path === '/magic-link/verify') requireOwnPage(context.req.raw.headers)
      if (DANGEROUS.has(path)) await parts.requireProof(context.var.info.login)
      const auth = await parts.auth()
      return auth.handler(await prepare(context, parts))
    })
  }
  // Where the library sends a browser that came back from another system with nothing that it can use.
  app.get(`${AUTH_PATH}/error`, (context) => context.redirect('/login?error=refused', 302))
  return app
}

/** Otherwise a page of another site could log a browser in as another person by a mere link. @throws host_not_allowed */
function requireOwnPage(headers: Headers): void {
  const site = headers.get('sec-fetch-site')
  if (site === null || site === 'same-origin') return
  throw problem('host_not_allowed', 'A link to log in is opened on the page of this server that the mail leads to.')
}

async function prepare(context: ServerContext, parts: AuthFaceParts): Promise<Request> {
  const headers = await readHeaders(context, parts)
  const bounded = await boundBody(context.req.raw, BODY_BYTES_MAX)
  return new Request(bounded, { headers })
}

/** The headers of a request as the login library may see them. */
export async function readHeaders(
  context: ServerContext,
  { cookie, isLogin, url }: Omit<AuthFaceParts, 'auth' | 'requireProof'>,
): Promise<Headers> {
  const { address, login, requestId } = context.var.info
  const headers = new Headers(context.req.raw.headers)
  headers.delete(ADDRESS_HEADER)
  headers.set(REQUEST_HEADER, requestId)
  if (address !== null) headers.set(ADDRESS_HEADER, address)
  // The library counts days only; what has ended for us has ended for it.
  writeCookies(headers, cookie(), login !== null && (await isLogin(login)) ? login : null)
  const credential = readCredential(context.req.raw)
  if (context.req.path === `${AUTH_PATH}/sign-out` && credential !== null) {
    // A command line ends its own login. No browser sends this header by itself, so the request needs no origin.
    writeCookies(headers, cookie(), credential)
    headers.set('origin', url())
  }
  return headers
}
