import type { Core } from '@orrery/core'
import {
  acceptInvitation,
  deriveLoginSecret,
  findInvitation,
  findLogin,
  isProved,
  makeFirstPerson,
  proofRequired,
  readLoginToken,
  recordForPerson,
} from '@orrery/kernel'
import { Hono } from 'hono'
import { loginCookieName } from '../http/login-cookie.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'
import { createLinkMailer } from './mail-link.ts'
import { serveMetadata } from './oauth/serve-metadata.ts'
import { serveOAuth } from './oauth/serve-oauth.ts'
import { openAuth } from './open-auth.ts'
import { servePages } from './pages/serve-pages.ts'
import { listProviders, type ProviderSettings } from './providers.ts'
import type { LoginFact } from './record-plugin.ts'
import { readHeaders, serveAuth } from './serve-auth.ts'

interface PeopleFaceParts {
  readonly kernel: Core['kernel']
  /** UUID of the installation's first organization, in which the first person becomes an admin. */
  readonly firstOrg: string
  /** The address at which people reach this server, without a trailing slash. Known once the server listens. */
  readonly url: () => string
  readonly providers: ProviderSettings
}

/** The pages and endpoints by which people log in. */
export function createPeopleFace({ kernel, firstOrg, url, providers }: PeopleFaceParts): Hono<ServerEnv> {
  const { database, secretKeys, tokenKeys, outside, clock, log } = kernel
  const secret = deriveLoginSecret(secretKeys)
  const auth = openAuth({
    options: () => ({
      people: database.people,
      secret,
      url: url(),
      providers,
      report: (fact) => void reportLogin(kernel, fact),
      sendLink: createLinkMailer(kernel, url),
      invitations: {
        find: (token) => findInvitation(database, token, clock.now()),
        accept: (options) => acceptInvitation(kernel, options),
      },
      oauth: { addresses: addresses(), tokenKeys, outside },
      setUp: (filled) => makeFirstPerson(kernel, firstOrg, filled),
    }),
    warn: (fault) => log.warn({ fault }, 'the OpenID provider does not answer'),
  })
  const addresses = () => {
    const known = kernel.oauth()
    if (known === null) throw new Error('The address of this server is not known yet')
    return known
  }
  const findLoginBy = async (signed: string | null) => {
    const token = signed === null ? null : readLoginToken(secret, signed)
    return token === null ? null : findLogin(database, token, clock.now())
  }
  const isLogin = async (signed: string) => (await findLoginBy(signed))?.isBrowser === true
  const requireProof = async (signed: string | null) => {
    const login = await findLoginBy(signed)
    if (login !== null && !isProved(login, clock.now())) throw proofRequired(login, kernel.publicUrl())
  }
  const cookie = () => loginCookieName(url().startsWith('https:'))
  const app = new Hono<ServerEnv>()
  app.route('/', servePages(url, listProviders(providers)))
  app.route('/', serveAuth({ auth, url, cookie, isLogin, requireProof }))
  app.route('/', serveMetadata(addresses))
  const findLoginOf = (context: ServerContext) => findLoginBy(context.var.info.login)
  const headersOf = (context: ServerContext) => readHeaders(context, { cookie, isLogin, url })
  app.route('/', serveOAuth({ kernel, auth, addresses, secret, findLoginOf, readHeaders: headersOf }))
  return app
}

/** Into the audit log of the person's organizations; a refusal goes to the log of the server as well. */
async function reportLogin(kernel: Core['kernel'], { what, method, person, refused, address, requestId }: LoginFact): Promise<void> {
  const detail = {
    ...(method === '' ? {} : { by: method }),
    ...(address === null ? {} : { address }),
    ...(refused === null ? {} : { refused }),
  }
  if (refused !== null) kernel.log.warn({ what, ...detail, requestId }, 'a login was refused')
  if (person === null) return
  try {
    await recordForPerson(kernel, { person, action: `member.${what}`, detail, requestId })
  } catch (error) {
    kernel.log.error({ error, what, requestId }, 'a login could not be recorded')
  }
}
