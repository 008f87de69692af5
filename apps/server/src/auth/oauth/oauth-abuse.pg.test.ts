/**
 * What attackers try with OAuth, each case refused: forged tokens, codes and refresh tokens of others or used twice, addresses that lead the
 * answer elsewhere, decisions of other people, and clients that the server must not believe (RFC 9700, 4).
 */
import { createHmac, randomBytes } from 'node:crypto'
import { makeSigningKey, OAUTH_SCOPES, readTokenKeys } from '@orrery/kernel'
import { decodeJwt, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../../tests/support/eventually.ts'
import type { Browser, OAuthServer, Tokens } from '../../testing/oauth-server.fixture.ts'
import * as oauth from '../../testing/oauth-server.fixture.ts'
import { readClientMetadata } from './client-metadata.ts'
import { undescribed } from './scope-lines.ts'

let server: OAuthServer
let ada: Browser
let mallory: Browser
/** Two clients of the same person. */
let client: string
let other: string
let tokens: Tokens

beforeAll(async () => {
  server = await oauth.startOAuthServer()
  ada = await server.logIn('Ada', { [server.org]: 'admin' })
  mallory = await server.logIn('Mallory', { [server.org]: 'viewer' })
  client = await oauth.registerClient(server)
  other = await oauth.registerClient(server)
  tokens = await oauth.getTokens(server, client, ada)
})
afterAll(() => server?.stop())

const use = async (token: string) => (await fetch(`${server.url}/api/v1/runs`, { headers: { authorization: `Bearer ${token}` } })).status
const errorOf = async (answer: Response) => [answer.status, ((await answer.json()) as { error: string }).error]

describe('a forged access token', () => {
  const sign = (payload: JWTPayload, keys = server.tokenKeys, header: object = {}) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: keys.id, ...header }).sign(keys.signer)
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = () => Math.floor(Date.now() / 1000)

  const FORGED: Readonly<Record<string, (real: JWTPayload) => string | Promise<string>>> = {
    'for another audience': (real) => sign({ ...real, aud: 'https://other.example/mcp' }),
    'without an audience': ({ aud: _, ...real }) => sign(real),
    'of another issuer': (real) => sign({ ...real, iss: 'https://other.example' }),
    'that has expired': (real) => sign({ ...real, exp: now() - 1 }),
    'without an end': ({ exp: _, ...real }) => sign(real),
    'from the future': (real) => sign({ ...real, iat: now() + 3600 }),
    'without a signature': (real) => `${text({ alg: 'none', typ: 'at+jwt', kid: server.tokenKeys.id })}.${text(real)}.`,
    'signed with the public key as a secret': (real) => {
      const body = `${text({ alg: 'HS256', typ: 'at+jwt', kid: server.tokenKeys.id })}.${text(real)}`
      const secret = server.tokenKeys.verifier.export({ type: 'spki', format: 'pem' })
      return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
    },
    'signed by another key': (real) => sign(real, readTokenKeys(makeSigningKey())),
    'signed by another key under the name of ours': (real) => sign(real, { ...readTokenKeys(makeSigningKey()), id: server.tokenKeys.id }),
    'of another type': (real) => sign(real, server.tokenKeys, { typ: 'JWT' }),
    'bound to a key': (real) => sign({ ...real, cnf: { jkt: 'x' } }),
    'for another organization': (real) => sign({ ...real, org: `org_${'0'.repeat(25)}1` }),
    'for another person': (real) => sign({ ...real, sub: mallory.person }),
    'for another client': (real) => sign({ ...real, client_id: other }),
    'of another grant': (real) => sign({ ...real, grant: randomBytes(32).toString('base64url') }),
    'of another login': (real) => sign({ ...real, sid: mallory.login }),
  }

  it.each(Object.entries(FORGED))('%s is refused', async (_, forge) => {
    expect(await use(tokens.access_token)).toBe(200)
    expect(await use(await forge(decodeJwt(tokens.access_token)))).toBe(401)
  })

  it('is told from a real one by more than the way it is made here', async () => {
    expect(await use(await sign(decodeJwt(tokens.access_token)))).toBe(200)
  })
})

describe('a request of a client', () => {
  const refused = async (over: Readonly<Record<string, string | null>>) => {
    const opened = await oauth.open(oauth.askAt(server, client, oauth.makePkce(), over), ada)
    const location = opened.headers.get('location')
    if (location === null) return String(opened.status)
    const { pathname, searchParams, hash } = new URL(location, server.issuer)
    // A client that asks for a token expects the answer after a `#`.
    return searchParams.get('error') ?? new URLSearchParams(hash.slice(1)).get('error') ?? pathname
  }

  it.each([
    ['without PKCE', { code_challenge: null, code_challenge_method: null }, 'invalid_request'],
    ['with a challenge in the clear', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['without a method', { code_challenge_method: null }, 'invalid_request'],
    ['for another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['for a scope of the whole installation', { scope: 'orgs:admin' }, 'invalid_scope'],
    ['for a token instead of a code', { response_type: 'token' }, 'unsupported_response_type'],
    ['that asks no person', { prompt: 'none' }, 'interaction_required'],
  ] as const)('%s is refused, and the client hears it', async (_, over, error) => {
    expect(await refused(over)).toBe(error)
  })

  it.each([
    'http://127.0.0.1:33418/callback/more',
    'http://127.0.0.1:33418/',
    'http://127.0.0.1:33418/callback?more',
    'http://127.0.0.1:33418/callback#part',
    'http://user@127.0.0.1:33418/callback',
    'http://127.0.0.1@evil.example/callback',
    'http://localhost:33418/callback',
    'http://127.0.0.1.evil.example/callback',
    'http://127.0.0.2:33418/callback',
    'https://127.0.0.1:33418/callback',
    'http://127.0.0.1:33418/*',
    'http://127.0.0.1:33418/callback/../other',
    'javascript:alert(1)',
    'https://evil.example/callback',
  ])('that would send the answer to %s gets a page of the server instead', async (redirect_uri) => {
    expect(await refused({ redirect_uri })).toBe('400')
  })

  it('may use another port of this computer, as programs there do', async () => {
    expect(await refused({ redirect_uri: 'http://127.0.0.1:50123/callback' })).toBe('/consent')
  })

  it('that names a client twice, or one that is not known, gets a page of the server', async () => {
    const twice = oauth.askAt(server, client, oauth.makePkce())
    twice.searchParams.append('client_id', other)
    expect((await oauth.open(twice, ada)).status).toBe(400)
    expect(await refused({ client_id: 'unknown' })).toBe('400')
  })

  it('keeps its state as it was', async () => {
    const state = 'a b&c=d+%2F é'
    const back = await oauth.allow(oauth.askAt(server, client, oauth.makePkce(), { state }), ada)
    expect(back.searchParams.get('state')).toBe(state)
  })

  it('is denied where its person denies it', async () => {
    const back = await oauth.allow(oauth.askAt(server, client, oauth.makePkce()), ada, { accept: false })
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'access_denied', state: 'state', iss: server.issuer })
  })
})

describe('a code', () => {
  it.each([
    ['with another verifier', { code_verifier: randomBytes(32).toString('base64url') }],
    ['without its verifier', { code_verifier: '' }],
    ['for another redirect', { redirect_uri: 'http://127.0.0.1:50123/callback' }],
    ['with another resource', { resource: 'https://other.example/mcp' }],
  ])('is not good %s', async (_, over) => {
    const [status, error] = await errorOf(await oauth.exchange(server, { ...(await oauth.getCode(server, client, ada)), ...over }))
    expect(status).toBe(400)
    expect(['invalid_grant', 'invalid_request', 'invalid_target']).toContain(error)
  })

  it('is not good for another client', async () => {
    const form = { ...(await oauth.getCode(server, client, ada)), client_id: other }
    expect(await errorOf(await oauth.exchange(server, form))).toEqual([400, 'invalid_grant'])
  })

  it('is good once, and a second use ends what the first one got', async () => {
    const form = await oauth.getCode(server, client, ada)
    const first = (await (await oauth.exchange(server, form)).json()) as Tokens
    expect(await use(first.access_token)).toBe(200)
    expect(await errorOf(await oauth.exchange(server, form))).toEqual([400, 'invalid_grant'])
    await eventually(
      () => use(first.access_token),
      (status) => status === 401,
    )
    const refresh = { grant_type: 'refresh_token', client_id: client, refresh_token: first.refresh_token }
    expect(await errorOf(await oauth.exchange(server, refresh))).toEqual([400, 'invalid_grant'])
  })
})

describe('a refresh token', () => {
  const refresh = (token: string, id = client) =>
    oauth.exchange(server, { grant_type: 'refresh_token', client_id: id, refresh_token: token })

  it('used twice ends all tokens of the client', async () => {
    const mine = await oauth.registerClient(server)
    const first = await oauth.getTokens(server, mine, ada)
    const second = (await (await refresh(first.refresh_token, mine)).json()) as Tokens
    expect(await use(second.access_token)).toBe(200)
    expect(await errorOf(await refresh(first.refresh_token, mine))).toEqual([400, 'invalid_grant'])
    expect(await errorOf(await refresh(second.refresh_token, mine))).toEqual([400, 'invalid_grant'])
    await eventually(
      () => use(second.access_token),
      (status) => status === 401,
    )
  })

  it('is not good for another client, and widens nothing', async () => {
    const mine = await oauth.getTokens(server, client, ada)
    expect(await errorOf(await refresh(mine.refresh_token, other))).toEqual([400, 'invalid_grant'])
    const wider = { grant_type: 'refresh_token', client_id: client, refresh_token: mine.refresh_token, scope: 'admin' }
    expect(await errorOf(await oauth.exchange(server, wider))).toEqual([400, 'invalid_scope'])
    expect(await use(mine.refresh_token)).toBe(401)
  })

  it('that its client revokes ends its access tokens, too', async () => {
    const mine = await oauth.registerClient(server)
    const { access_token: access, refresh_token: token } = await oauth.getTokens(server, mine, ada)
    expect(await use(access)).toBe(200)
    const body = new URLSearchParams({ client_id: mine, token, token_type_hint: 'refresh_token' })
    expect((await fetch(`${server.issuer}/auth/oauth2/revoke`, { method: 'POST', body })).status).toBe(200)
    await eventually(
      () => use(access),
      (status) => status === 401,
    )
  })
})

describe('a decision', () => {
  const pageFor = async (browser: Browser) => {
    const opened = await oauth.open(oauth.askAt(server, client, oauth.makePkce()), browser)
    return new URL(opened.headers.get('location') ?? '', server.issuer)
  }

  it('belongs to the login that was asked', async () => {
    const page = await pageFor(mallory)
    expect((await oauth.open(page, ada)).status).toBe(400)
    expect((await oauth.decide(page, ada)).status).toBe(400)
  })

  it('is not taken from another site, nor without a login', async () => {
    const page = await pageFor(ada)
    expect((await oauth.decide(page, ada, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(401)
    expect((await oauth.decide(page, ada, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
    expect((await oauth.decide(page, ada, { headers: { cookie: '' } })).status).toBe(401)
  })

  it('is about what was asked: no parameter can be changed', async () => {
    const page = await pageFor(ada)
    page.searchParams.set('scope', 'admin offline_access')
    expect((await oauth.open(page, ada)).status).toBe(400)
    expect((await oauth.decide(page, ada)).status).toBe(400)
  })

  it('is for an organization of the person', async () => {
    const { id } = await server.post<{ id: string }>('/api/v1/orgs', { name: 'foreign' })
    const page = await pageFor(ada)
    const headers = { cookie: ada.cookie, 'content-type': 'application/json', origin: page.origin, 'sec-fetch-site': 'same-origin' }
    const body = JSON.stringify({ accept: true, organization: id, oauth_query: page.search.slice(1) })
    expect((await fetch(`${server.issuer}/auth/oauth2/consent`, { method: 'POST', headers, body })).status).toBe(403)
  })

  it('names the program, warns of one that registered itself, and describes every scope', async () => {
    const html = await (await oauth.open(await pageFor(ada), ada)).text()
    expect(html).toContain('It was not checked that this is really Test program')
    expect(html).toContain('a program on this computer')
    expect(undescribed(OAUTH_SCOPES)).toEqual([])
  })

  it('needs a login first, and leads back to it', async () => {
    const opened = await oauth.open(oauth.askAt(server, client, oauth.makePkce()), { cookie: '' })
    const to = new URL(opened.headers.get('location') ?? '', server.issuer)
    expect([to.origin, to.pathname]).toEqual([server.issuer, '/login'])
    expect(to.searchParams.get('next')).toMatch(/^\/auth\/oauth2\/authorize\?/)
  })
})

describe('a client', () => {
  it('creates no key with what it was allowed, which would outlive it', async () => {
    const { access_token: token } = await oauth.getTokens(server, client, ada, 'admin')
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await fetch(`${server.url}/api/v1/keys`, { method: 'POST', headers, body: '{"name":"x","set":"viewer"}' })
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('acts for you')])
    const consents = await fetch(`${server.url}/api/v1/consents`, { headers })
    expect(consents.status).toBe(403)
  })

  it.each([
    ['javascript:alert(1)', 'invalid_redirect_uri'],
    ['data:text/html,x', 'invalid_redirect_uri'],
    ['http://evil.example/callback', 'invalid_redirect_uri'],
    ['http://127.0.0.1/callback#x', 'invalid_redirect_uri'],
    ['https://user:password@good.example/callback', 'invalid_redirect_uri'],
    ['short:callback', 'invalid_redirect_uri'],
  ])('cannot register %s', async (redirect, error) => {
    expect(await errorOf(await oauth.register(server, { redirect_uris: [redirect] }))).toEqual([400, error])
  })

  it('registers no addresses to which the server would send requests, no long text, and no hidden characters', async () => {
    const addresses = { jwks_uri: 'https://10.0.0.1/jwks', backchannel_logout_uri: 'https://10.0.0.1/', logo_uri: 'http://10.0.0.1/' }
    const made = await oauth.register(server, { redirect_uris: [oauth.REDIRECT], ...addresses })
    expect(made.status).toBe(201)
    expect(await made.text()).not.toContain('10.0.0.1')
    expect((await oauth.register(server, { redirect_uris: [oauth.REDIRECT], client_name: 'x'.repeat(9000) })).status).toBe(413)
    expect(readClientMetadata({ redirect_uris: [oauth.REDIRECT], client_name: 'Good\u202egram' })).toMatchObject({ field: 'client_name' })
  })

  it('is forgotten when it is not used for a week, and no more than a thousand are kept so long', async () => {
    await server.query(
      `insert into auth.oauth_client (client_id, redirect_uris, created_at)
       select 'old ' || i, '[]'::jsonb, now() - interval '8 days' from generate_series(1, 5) i
       union all select 'new ' || i, '[]'::jsonb, now() from generate_series(1, 1000) i`,
    )
    const answer = await oauth.register(server, { redirect_uris: [oauth.REDIRECT] })
    expect(await errorOf(answer)).toEqual([503, 'temporarily_unavailable'])
    expect(await server.query(`select from auth.oauth_client where client_id like 'old %'`)).toEqual([])
    await server.query(`delete from auth.oauth_client where client_id like 'new %'`)
  })

  it('is refused with the reason in the log', () => {
    expect(server.log()).toContain('OAuth refused')
    expect(server.log()).toContain('invalid_redirect_uri')
  })
})
