import { createHmac, hash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeId, type Role } from '@orrery/contract'
import { deriveLoginSecret, makeSecretKey, makeSigningKey, readSecretKeys, readTokenKeys, type TokenKeys } from '@orrery/kernel'
import pg from 'pg'
import { createTestDatabase } from '../../../../tests/support/database.ts'
import { startTestServer, type TestServer } from './start-test-server.fixture.ts'

/** A person in a browser: what it sends, and the id of the person. */
export interface Browser {
  readonly cookie: string
  readonly person: string
  readonly login: string
}

export interface OAuthServer extends TestServer {
  /** The address at which people reach it: the name, where `url` has the address. */
  readonly issuer: string
  readonly tokenKeys: TokenKeys
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** A new person that is logged in, and a member of organizations (UUIDs). */
  logIn(name: string, roles: Readonly<Record<string, Role>>): Promise<Browser>
}

/** A whole server, and people who have logged in, on a database of its own. */
export async function startOAuthServer(env: Readonly<Record<string, string>> = {}): Promise<OAuthServer> {
  const files = mkdtempSync(join(tmpdir(), 'orrery-oauth-'))
  const [secretKey, tokenKey] = [makeSecretKey(), makeSigningKey()]
  const paths = { ORRERY_SECRET_KEY_FILE: join(files, 'secret-keys.txt'), ORRERY_TOKEN_KEY_FILE: join(files, 'token-key.pem') }
  writeFileSync(paths.ORRERY_SECRET_KEY_FILE, secretKey, { mode: 0o600 })
  writeFileSync(paths.ORRERY_TOKEN_KEY_FILE, tokenKey, { mode: 0o600 })
  const database = await createTestDatabase()
  const server = await startTestServer(database.url, [], undefined, { ...paths, ...env })
  const pool = new pg.Pool({ connectionString: database.url, max: 2 })
  const secret = deriveLoginSecret(readSecretKeys(secretKey))
  const query: OAuthServer['query'] = async (text, values = []) => (await pool.query(text, [...values])).rows
  return {
    ...server,
    issuer: `http://localhost:${new URL(server.url).port}`,
    tokenKeys: readTokenKeys(tokenKey),
    query,
    async logIn(name, roles) {
      const [person, login, token] = [randomUUID(), randomUUID(), randomBytes(24).toString('base64url')]
      const email = `${name.toLowerCase()}-${token.slice(0, 6)}@example.com`
      await query('insert into auth.person (id, name, email, email_verified) values ($1, $2, $3, true)', [person, name, email])
      await query(
        `insert into auth.login (id, person_id, token, expires_at, updated_at) values ($1, $2, $3, now() + interval '1 day', now())`,
        [login, person, token],
      )
      for (const [org, role] of Object.entries(roles))
        await query(
          `insert into app.member (org_id, member_id, person_id, name, email, role, joined_at)
           values ($1, gen_random_uuid(), $2, $3, $4, $5, now())`,
          [org, person, name, email, role],
        )
      const signature = createHmac('sha256', secret).update(token).digest('base64')
      return { cookie: `orrery=${encodeURIComponent(`${token}.${signature}`)}`, person, login }
    },
    async stop() {
      await server.stop()
      await pool.end()
      rmSync(files, { recursive: true, force: true })
    },
  }
}

export interface Pkce {
  readonly verifier: string
  readonly challenge: string
}

export function makePkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: hash('sha256', verifier, 'base64url') }
}

/** What a browser sends that a program opens. */
const OPENED = { 'sec-fetch-site': 'none' }

/** Opens the address to which a client sends its person. Returns where that leads: a page of the server, or the client. */
export async function open(address: string | URL, { cookie }: Pick<Browser, 'cookie'>): Promise<Response> {
  return fetch(address, { headers: { cookie, ...OPENED }, redirect: 'manual' })
}

interface Decision {
  readonly accept?: boolean
  /** A UUID. Default: the first that the page offers. */
  readonly org?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Decides as the page of the consent does. Returns the answer of the server. @param page the address of the page */
export async function decide(
  page: URL,
  browser: Pick<Browser, 'cookie'>,
  { accept = true, org, headers = {} }: Decision = {},
): Promise<Response> {
  const html = await (await open(page, browser)).text()
  const organization = org === undefined ? /value="(org_[^"]+)"/.exec(html)?.[1] : encodeId('org', org)
  return fetch(new URL('/auth/oauth2/consent', page), {
    method: 'POST',
    headers: {
      cookie: browser.cookie,
      'content-type': 'application/json',
      origin: page.origin,
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
    body: JSON.stringify({ accept, organization, oauth_query: page.search.slice(1) }),
  })
}

/** Follows a client's address through the consent, back to the client. */
export async function allow(address: string | URL, browser: Browser, decision: Decision = {}): Promise<URL> {
  const opened = await open(address, browser)
  const page = new URL(opened.headers.get('location') ?? `data:,${opened.status}`, address)
  if (page.pathname !== '/consent') throw new Error(`Expected the page of the consent, got ${page.href}: ${await opened.text()}`)
  const decided = await decide(page, browser, decision)
  const { url } = (await decided.json()) as { url: string }
  return new URL(url)
}

export const REDIRECT = 'http://127.0.0.1:33418/callback'

export function register(server: Pick<OAuthServer, 'issuer'>, metadata: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${server.issuer}/auth/oauth2/register`, { method: 'POST', headers, body: JSON.stringify(metadata) })
}

/** Registers a public client. Returns its id. */
export async function registerClient(server: Pick<OAuthServer, 'issuer'>, redirect: string = REDIRECT): Promise<string> {
  const metadata = { client_name: 'Test program', redirect_uris: [redirect], token_endpoint_auth_method: 'none' }
  const answer = await register(server, metadata)
  if (answer.status !== 201) throw new Error(await answer.text())
  return ((await answer.json()) as { client_id: string }).client_id
}

/** The address to which a client sends its person. @param over replaces parameters; null leaves one out */
export function askAt(server: OAuthServer, client: string, { challenge }: Pkce, over: Readonly<Record<string, string | null>> = {}): URL {
  const url = new URL(`${server.issuer}/auth/oauth2/authorize`)
  const usual = {
    response_type: 'code',
    client_id: client,
    redirect_uri: REDIRECT,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries({ ...usual, state: 'state', ...over })) if (value !== null) url.searchParams.set(name, value)
  return url
}

/** Sends a form to the token endpoint. */
export function exchange(server: OAuthServer, form: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(`${server.issuer}/auth/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly scope: string
}

/** What a client sends for the code that its person allowed. */
export async function getCode(server: OAuthServer, client: string, browser: Browser, over: Readonly<Record<string, string | null>> = {}) {
  const pkce = makePkce()
  const back = await allow(askAt(server, client, pkce, over), browser)
  const code = back.searchParams.get('code') ?? ''
  return { grant_type: 'authorization_code', client_id: client, redirect_uri: REDIRECT, code, code_verifier: pkce.verifier }
}

export async function getTokens(server: OAuthServer, client: string, browser: Browser, scope = 'viewer'): Promise<Tokens> {
  return (await (await exchange(server, await getCode(server, client, browser, { scope }))).json()) as Tokens
}
