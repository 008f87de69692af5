import type { Core } from '@orrery/core'
import { deriveLoginSecret, findLogin, makeFirstPerson, readLoginToken } from '@orrery/kernel'
import { Hono } from 'hono'
import { loginCookieName } from '../http/login-cookie.ts'
import type { ServerEnv } from '../http/request-info.ts'
import { type Auth, createAuth } from './create-auth.ts'
import { servePages } from './pages/serve-pages.ts'
import { serveAuth } from './serve-auth.ts'

interface PeopleFaceParts {
  readonly kernel: Core['kernel']
  /** UUID of the installation's first organization, in which the first person becomes an admin. */
  readonly firstOrg: string
  /** The address at which people reach this server, without a trailing slash. Known once the server listens. */
  readonly url: () => string
}

/** The pages and endpoints by which people log in. */
export function createPeopleFace({ kernel, firstOrg, url }: PeopleFaceParts): Hono<ServerEnv> {
  const { database, secretKeys, clock } = kernel
  const secret = deriveLoginSecret(secretKeys)
  let auth: Auth | null = null
  const open = () => {
    auth ??= createAuth({
      people: database.people,
      secret,
      url: url(),
      sendLink: () => undefined,
      setUp: (filled) => makeFirstPerson(kernel, firstOrg, filled),
    })
    return auth
  }
  const isLogin = async (signed: string) => {
    const token = readLoginToken(secret, signed)
    const login = token === null ? null : await findLogin(database, token, clock.now())
    return login?.isBrowser === true
  }
  const cookie = () => loginCookieName(url().startsWith('https:'))
  const app = new Hono<ServerEnv>()
  app.route('/', servePages(url))
  app.route('/', serveAuth({ auth: open, url, cookie, isLogin }))
  return app
}
