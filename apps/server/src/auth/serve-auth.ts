import { Hono } from 'hono'
import { dropLoginCookie } from '../http/login-cookie.ts'
import { boundBody } from '../http/read-body.ts'
import { readCredential } from '../http/read-caller.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'
import { ADDRESS_HEADER } from './address-header.ts'
import { AUTH_PATH, type Auth } from './create-auth.ts'

/** What of the login library is open. It has more endpoints, which change what operations of ours change, with their rules and audit. */
const OPEN: ReadonlySet<string> = new Set([
  'POST /setup',
  'POST /sign-in/magic-link',
  'GET /magic-link/verify',
  'GET /passkey/generate-authenticate-options',
  'POST /passkey/verify-authentication',
  'GET /passkey/generate-register-options',
  'POST /passkey/verify-registration',
  'GET /passkey/list-user-passkeys',
  'POST /passkey/delete-passkey',
  'POST /sign-out',
  'POST /device/code',
  'POST /device/token',
  'GET /device',
  'POST /device/approve',
  'POST /device/deny',
])

/** Small, because these bodies are read before anything is known of the caller. */
const BODY_BYTES_MAX = 32_768

interface AuthFaceParts {
  readonly auth: () => Auth
  /** The address at which people reach this server, without a trailing slash. */
  readonly url: () => string
  /** The name of the login's cookie. */
  readonly cookie: () => string
  /** Whether the secret is that of a browser's login that has not ended. */
  readonly isLogin: (secret: string) => Promise<boolean>
}

/** The login library on our server. Its cookies count only for requests of our own pages, and only for logins that are still good. */
export function serveAuth(parts: AuthFaceParts): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  app.on(['GET', 'POST'], `${AUTH_PATH}/*`, async (context, next) => {
    const path = context.req.path.slice(AUTH_PATH.length)
    if (!OPEN.has(`${context.req.method} ${path}`)) return next()
    context.var.info.operation = `auth${path}`
    return parts.auth().handler(await prepare(context, parts))
  })
  return app
}

async function prepare(context: ServerContext, { cookie, isLogin, url }: AuthFaceParts): Promise<Request> {
  const { address, login } = context.var.info
  const headers = new Headers(context.req.raw.headers)
  headers.delete(ADDRESS_HEADER)
  if (address !== null) headers.set(ADDRESS_HEADER, address)
  // The library counts days only; what has ended for us has ended for it.
  if (login === null || !(await isLogin(login))) dropLoginCookie(headers, cookie())
  const credential = readCredential(context.req.raw)
  if (context.req.path === `${AUTH_PATH}/sign-out` && credential !== null) {
    // A command line ends its own login. No browser sends this header by itself, so the request needs no origin.
    headers.set('cookie', `${cookie()}=${encodeURIComponent(credential)}`)
    headers.set('origin', url())
  }
  const bounded = await boundBody(context.req.raw, BODY_BYTES_MAX)
  return new Request(bounded, { headers })
}
