import type { Core } from '@orrery/core'
import { deriveLoginSecret, findLogin, makeFirstPerson, readLoginToken } from '@orrery/kernel'
import { Hono } from 'hono'
import { loginCookieName } from '../http/login-cookie.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'
import { type Auth, createAuth } from './create-auth.ts'
import { serveMetadata } from './oauth/serve-metadata.ts'
import { serveOAuth } from './oauth/serve-oauth.ts'
import { servePages } from './pages/serve-pages.ts'
import { readHeaders, serveAuth } from './serve-auth.ts'

interface PeopleFaceParts {
  readonly kernel: Core['kernel']
  /** UUID of the installation's first organization, in which the first person becomes an admin. */
  readonly firstOrg: string
  /** The address at which people reach this server, without a trailing slash. Known once the server listens. */
  readonly url: () => string
}

/** The pages and endpoints by which people log in. */
export function createPeopleFace({ kernel, firstOrg, url }: PeopleFaceParts): Hono<ServerEnv> {
  const { database, secretKeys, tokenKeys, outside, clock } = kernel
  const secret = deriveLoginSecret(secretKeys)
  let auth: Auth | null = null
  const open = () => {
    auth ??= createAuth({
      people: database.people,
      secret,
      url: url(),
      sendLink: () => undefined,
      oauth: { addresses: addresses(), tokenKeys, outside },
      setUp: (filled) => makeFirstPerson(kernel, firstOrg, filled),
    })
    return auth
  }
  const addresses = () => {
    const known = kernel.oauth()
    if (known === null) throw new Error('The address of this server is not known yet')
    return known
  }
  const findLoginBy = async (signed: string | null) => {
    const token = signed === null ? null : readLoginToken(secret, signed)
    return token === null ? null : findLogin(database, token, clock.now())
  }
  const isLogin = async (signed: string) => (await findLoginBy(signed)) !== null
  const cookie = () => loginCookieName(url().startsWith('https:'))
  const app = new Hono<ServerEnv>()
  app.route('/', servePages(url))
  app.route('/', serveAuth({ auth: open, cookie, isLogin }))
  app.route('/', serveMetadata({ addresses, tokenKeys }))
  const findLoginOf = (context: ServerContext) => findLoginBy(context.var.info.login)
  const headersOf = (context: ServerContext) => readHeaders(context, { cookie, isLogin })
  app.route('/', serveOAuth({ kernel, auth: open, addresses, secret, findLoginOf, readHeaders: headersOf }))
  return app
}
