import { Hono } from 'hono'
import { dropLoginCookie } from '../http/login-cookie.ts'
import { AUTH_PATH } from '../http/paths.ts'
import { boundBody } from '../http/read-body.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'
import { ADDRESS_HEADER, type Auth } from './create-auth.ts'

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
])

/** Small, because these bodies are read before anything is known of the caller. */
const BODY_BYTES_MAX = 32_768

interface AuthFaceParts {
  readonly auth: () => Auth
  /** The name of the login's cookie. */
  readonly cookie: () => string
  /** Whether the secret is that of a login that has not ended. */
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

async function prepare(context: ServerContext, parts: AuthFaceParts): Promise<Request> {
  const headers = await readHeaders(context, parts)
  const bounded = await boundBody(context.req.raw, BODY_BYTES_MAX)
  return new Request(bounded, { headers })
}

/** The headers of a request as the login library may see them. */
export async function readHeaders(context: ServerContext, { cookie, isLogin }: Omit<AuthFaceParts, 'auth'>): Promise<Headers> {
  const { address, login } = context.var.info
  const headers = new Headers(context.req.raw.headers)
  headers.delete(ADDRESS_HEADER)
  if (address !== null) headers.set(ADDRESS_HEADER, address)
  // The library counts days only; what has ended for us has ended for it.
  if (login === null || !(await isLogin(login))) dropLoginCookie(headers, cookie())
  return headers
}
