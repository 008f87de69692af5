/** Clients whose id is the URL of a document about them: what the server believes, and where it does not go. */
import { createServer } from 'node:https'
import { makeSecretKey, type OutsidePolicy, readOutsideAllow, readSecretKeys } from '@orrery/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificate, certificateKey } from '../../../../../packages/kernel/src/outside/testing/certificate.fixture.ts'
import { listen, policyOf } from '../../../../../packages/kernel/src/outside/testing/listen.fixture.ts'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'
import { readConfig } from '../../config.ts'
import { makePkce, REDIRECT } from '../../testing/oauth-server.fixture.ts'
import { createAuth } from '../create-auth.ts'

const ISSUER = 'http://localhost:8787'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore({ work: false, secrets: readSecretKeys(makeSecretKey()) })
})
afterAll(() => t?.close())

type Document = (url: string) => { readonly status?: number; readonly headers?: Record<string, string>; readonly body: string }

const good = (url: string) => ({ client_id: url, client_name: 'Documented', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' })

/** Serves a document, and returns the policy that reaches it, its address, and how often it was asked for. */
async function serve(document: Document) {
  const asked: string[] = []
  const https = createServer({ cert: certificate, key: certificateKey }, (request, response) => {
    asked.push(request.url ?? '')
    const { status = 200, headers = {}, body } = document(`https://${request.headers.host}${request.url}`)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  const port = await listen(https)
  const allow = readOutsideAllow(`outside.test:${port}`)
  const outside: OutsidePolicy = {
    ...policyOf(allow, { 'outside.test': ['127.0.0.1'], 'inside.test': ['10.0.0.1'] }),
    authority: certificate,
  }
  return { outside, asked, at: (path: string, name = 'outside.test') => `https://${name}:${port}${path}` }
}

function authWith(outside: OutsidePolicy) {
  const { tokenKeys } = t.core.kernel
  const oauth = { addresses: { issuer: ISSUER, resources: [`${ISSUER}/mcp`] }, tokenKeys, outside }
  const [sendLink, setUp] = [() => undefined, async () => null]
  return createAuth({
    people: t.database.people,
    secret: 's'.repeat(43),
    url: ISSUER,
    sendLink,
    setUp,
    oauth,
    providers: readConfig({}, []),
    report: () => undefined,
    invitations: { find: async () => null, accept: async () => ({ outcome: 'not_found' }) },
  })
}

/** Where a request of the client leads: to the login, if the client is known. */
async function ask(auth: ReturnType<typeof authWith>, client: string, redirect = REDIRECT): Promise<string> {
  const url = new URL(`${ISSUER}/auth/oauth2/authorize`)
  const asked = { response_type: 'code', client_id: client, redirect_uri: redirect, code_challenge: makePkce().challenge }
  for (const [name, value] of Object.entries({ ...asked, code_challenge_method: 'S256', scope: 'viewer offline_access' }))
    url.searchParams.set(name, value)
  const to = new URL((await auth.handler(new Request(url))).headers.get('location') ?? '', ISSUER)
  return to.searchParams.get('error') ?? to.pathname
}

describe('a document about a client', () => {
  it('is believed, and read again only after a while', async () => {
    const { outside, at, asked } = await serve((url) => ({ body: JSON.stringify(good(url)) }))
    const auth = authWith(outside)
    expect(await ask(auth, at('/client.json'))).toBe('/login')
    expect(await ask(auth, at('/client.json'))).toBe('/login')
    expect(asked).toEqual(['/client.json'])
    expect(await ask(auth, at('/client.json'), 'https://evil.example/callback')).toBe('invalid_redirect')
    const rows = await t.query<{ name: string; discovered_by: string }>('select name, discovered_by from auth.oauth_client')
    expect(rows).toEqual([{ name: 'Documented', discovered_by: 'document' }])
  })

  it.each<[string, Document]>([
    ['is about another client', () => ({ body: JSON.stringify(good('https://other.example/client.json')) })],
    ['is huge', (url) => ({ body: JSON.stringify({ ...good(url), more: 'x'.repeat(100_000) }) })],
    ['is somewhere else', (url) => ({ status: 302, headers: { location: `${url}x` }, body: JSON.stringify(good(url)) })],
    ['is missing', (url) => ({ status: 404, body: JSON.stringify(good(url)) })],
    ['is not JSON', () => ({ body: '<html>' })],
    ['has a secret', (url) => ({ body: JSON.stringify({ ...good(url), token_endpoint_auth_method: 'client_secret_basic' }) })],
    ['leads to a script', (url) => ({ body: JSON.stringify({ ...good(url), redirect_uris: ['javascript:alert(1)'] }) })],
  ])('is not believed if it %s', async (_, document) => {
    const { outside, at, asked } = await serve(document)
    expect(await ask(authWith(outside), at('/client.json'))).toBe('invalid_client')
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['at a private address', '/client.json', 'inside.test'],
    ['at this computer', '/client.json', '127.0.0.1'],
    ['with a query', '/client.json?x', 'outside.test'],
    ['without a path', '/', 'outside.test'],
    ['with steps in its path', '/a/../client.json', 'outside.test'],
    ['with a fragment', '/client.json#x', 'outside.test'],
  ])('%s is not fetched', async (_, path, name) => {
    const { outside, at, asked } = await serve((url) => ({ body: JSON.stringify(good(url)) }))
    expect(await ask(authWith(outside), at(path, name))).toBe('invalid_client')
    expect(asked).toEqual([])
  })
})

describe('a request for a token', () => {
  it('makes the server fetch nothing', async () => {
    const { outside, at, asked } = await serve((url) => ({ body: JSON.stringify(good(url)) }))
    const form = { grant_type: 'refresh_token', client_id: at('/client.json'), refresh_token: 'x' }
    const request = new Request(`${ISSUER}/auth/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
    expect((await authWith(outside).handler(request)).status).toBe(400)
    expect(asked).toEqual([])
  })
})
