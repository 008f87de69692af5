/** An OpenID provider and a GitHub as far as logins need them, at the wire. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export interface IdentityServer {
  readonly url: string
  /** Who logs in there next. */
  person: { id: string; email: string; emailVerified: boolean; name: string }
  /** Changes the claims of id tokens. */
  claims: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

export const CLIENT = { id: 'orrery', secret: 'the-secret-of-the-client' }

export async function startIdentityServer(): Promise<IdentityServer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  /** The nonce of each code. */
  const codes = new Map<string, string | null>()
  const state: IdentityServer = {
    url: '',
    person: { id: '1', email: 'ada@example.com', emailVerified: true, name: 'Ada' },
    claims: {},
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
  const sign = (nonce: string | null) => {
    const { id, email, emailVerified, name } = state.person
    const claims = { email, email_verified: emailVerified, name, ...(nonce === null ? {} : { nonce }), ...state.claims }
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(String(state.claims.iss ?? state.url))
      .setAudience(String(state.claims.aud ?? CLIENT.id))
      .setSubject(id)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
  }
  const answers: Readonly<Record<string, (asked: URL, request: IncomingMessage) => unknown>> = {
    '/.well-known/openid-configuration': () => ({
      issuer: state.url,
      authorization_endpoint: `${state.url}/authorize`,
      token_endpoint: `${state.url}/token`,
      jwks_uri: `${state.url}/jwks`,
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    '/jwks': () => ({ keys: [jwk] }),
    '/token': async (_, request) => {
      const form = new URLSearchParams(await readText(request))
      const code = form.get('code') ?? ''
      if (!codes.has(code)) return { error: 'invalid_grant' }
      const nonce = codes.get(code) ?? null
      codes.delete(code)
      return { access_token: 'access', token_type: 'bearer', expires_in: 300, id_token: await sign(nonce) }
    },
    '/login/oauth/access_token': () => ({ access_token: 'access', token_type: 'bearer', scope: 'read:user' }),
    '/api/v3/user': () => ({ id: Number(state.person.id), login: state.person.name.toLowerCase(), name: state.person.name, email: null }),
  }
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '/', state.url)
    if (['/authorize', '/login/oauth/authorize'].includes(asked.pathname)) return sendBack(asked, response)
    const answer = answers[asked.pathname]
    if (answer === undefined) return void response.writeHead(404).end()
    void Promise.resolve(answer(asked, request)).then((body) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  const sendBack = (asked: URL, response: ServerResponse): void => {
    const code = `code-${codes.size}-${Math.random()}`
    codes.set(code, asked.searchParams.get('nonce'))
    const back = new URL(asked.searchParams.get('redirect_uri') ?? '')
    back.searchParams.set('code', code)
    back.searchParams.set('state', asked.searchParams.get('state') ?? '')
    response.writeHead(302, { location: back.href }).end()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  return state
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += String(part)
  return text
}
