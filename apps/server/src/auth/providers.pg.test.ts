/** Logins by an OpenID provider and by GitHub, with servers that speak their protocols, against the whole server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { CLIENT, type IdentityServer, startIdentityServer } from '../testing/identity-servers.fixture.ts'
import { startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

let database: TestDatabase
let there: IdentityServer
let server: TestServer
/** The cookie of Ada, who is the first person. */
let ada: string
const own = () => new URL(server.setupUrl ?? '').origin
const page = () => ({ origin: own(), 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' })

beforeAll(async () => {
  database = await createTestDatabase()
  there = await startIdentityServer()
  server = await startTestServer(database.url, [], undefined, {
    ORRERY_OIDC_ISSUER: there.url,
    ORRERY_OIDC_CLIENT_ID: CLIENT.id,
    ORRERY_OIDC_CLIENT_SECRET: CLIENT.secret,
    ORRERY_GITHUB_URL: there.url,
    ORRERY_GITHUB_CLIENT_ID: CLIENT.id,
    ORRERY_GITHUB_CLIENT_SECRET: CLIENT.secret,
  })
  const token = new URL(server.setupUrl ?? '').hash.slice(1)
  const made = await post('/auth/setup', { token, name: 'Ada', email: 'ada@example.com' })
  ada = loginOf(made)
})
beforeEach(() => {
  there.claims = {}
  there.person = { id: '1', email: 'ada@example.com', emailVerified: true, name: 'Ada' }
})
afterAll(async () => {
  await server?.stop()
  await there?.close()
  await database?.drop()
})

/** To the name that people use, at the address that the server listens on. */
function send(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${own()}${path}`, { redirect: 'manual', ...init })
}
const post = (path: string, body: object, cookie = '') =>
  send(path, { method: 'POST', headers: { ...page(), ...(cookie === '' ? {} : { cookie }) }, body: JSON.stringify(body) })
const cookiesOf = (answer: Response) => answer.headers.getSetCookie().map((one) => one.split(';')[0] ?? '')
const loginOf = (answer: Response) => cookiesOf(answer).find((one) => one.startsWith('orrery=')) ?? ''

/** What a browser does: begins here, goes there, and comes back. */
async function goThere(path: string, provider: string, cookie = ''): Promise<{ readonly to: string; readonly login: string }> {
  const begun = await post(path, { provider, callbackURL: '/account', errorCallbackURL: '/login' }, cookie)
  const { url } = (await begun.json()) as { url: string }
  const back = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''
  const kept = [cookie, ...cookiesOf(begun)].filter((one) => one !== '').join('; ')
  const { pathname, search } = new URL(back)
  const answer = await send(`${pathname}${search}`, {
    headers: { cookie: kept, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  })
  return { to: answer.headers.get('location') ?? String(answer.status), login: loginOf(answer) }
}
const whoIs = async (cookie: string) => {
  const answer = await send('/api/v1/profile', { headers: { cookie, 'sec-fetch-site': 'same-origin' } })
  return ((await answer.json()) as { email?: string }).email ?? answer.status
}

describe('an OpenID provider', () => {
  it('logs in the person with the same verified address', async () => {
    const { to, login } = await goThere('/auth/sign-in/social', 'oidc')
    expect(to).toMatch(/\/account$/)
    expect(await whoIs(login)).toBe('ada@example.com')
    const entries = await server.json<{ items: { detail: object }[] }>('/api/v1/audit?action=member.logged_in')
    expect(entries.items[0]?.detail).toMatchObject({ by: 'sso' })
  })

  it.each([
    ['a person that no one has invited', { email: 'eve@example.com', id: '2' }, {}],
    ['an address that the provider has not verified', { emailVerified: false, id: '3' }, {}],
    ['an address that the provider has not verified, and says so in a text', { id: '4' }, { email_verified: 'false' }],
    ['a token of another issuer', {}, { iss: 'https://evil.example' }],
    ['a token for another client', {}, { aud: 'another' }],
    ['a token for another request', {}, { nonce: 'of another request' }],
  ])('lets no one in with %s', async (_, changes, claims) => {
    there.person = { ...there.person, ...changes }
    there.claims = claims
    const { to, login } = await goThere('/auth/sign-in/social', 'oidc')
    expect([login, to]).toEqual(['', expect.stringContaining('error=')])
    const people = await server.json<{ items: unknown[] }>('/api/v1/members')
    expect(people.items).toHaveLength(1)
  })

  it('lets no one in who comes back without the cookie of the request that began', async () => {
    const begun = await post('/auth/sign-in/social', { provider: 'oidc', callbackURL: '/account', errorCallbackURL: '/login' })
    const { url } = (await begun.json()) as { url: string }
    const back = new URL((await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '')
    const answer = await send(`${back.pathname}${back.search}`)
    expect([loginOf(answer), answer.headers.get('location')]).toEqual(['', expect.stringContaining('error')])
  })
})

describe('GitHub', () => {
  it('logs in only a person that has connected its account', async () => {
    there.person = { ...there.person, id: '77' }
    expect(await goThere('/auth/sign-in/social', 'github')).toMatchObject({ login: '', to: expect.stringContaining('error=') })
    expect((await goThere('/auth/link-social', 'github', ada)).to).toMatch(/\/account$/)
    const { login } = await goThere('/auth/sign-in/social', 'github')
    expect(await whoIs(login)).toBe('ada@example.com')
    there.person = { ...there.person, id: '78' }
    expect(await goThere('/auth/sign-in/social', 'github')).toMatchObject({ login: '', to: expect.stringContaining('error=') })
  })

  it('logs in no one by an address that belongs to GitHub', async () => {
    there.person = { id: '123', name: 'Octo', email: '', emailVerified: false }
    const { Client } = (await import('pg')).default
    const client = new Client({ connectionString: database.url })
    await client.connect()
    await client.query(`insert into auth.person (name, email, email_verified) values ('O', '123+octo@users.noreply.github.com', true)`)
    await client.end()
    expect(await goThere('/auth/sign-in/social', 'github')).toMatchObject({ login: '', to: expect.stringContaining('error=') })
  })

  it('keeps no token of GitHub that could be read in the database', async () => {
    const { Client } = (await import('pg')).default
    const client = new Client({ connectionString: database.url })
    await client.connect()
    const { rows } = await client.query<{ access_token: string }>(`select access_token from auth.account where provider_id = 'github'`)
    await client.end()
    expect(rows).toHaveLength(1)
    expect(rows[0]?.access_token).not.toBe('access')
  })
})

describe('a change of how a person logs in', () => {
  it('needs a proof of who the person is, from the last minutes', async () => {
    const { Client } = (await import('pg')).default
    const client = new Client({ connectionString: database.url })
    await client.connect()
    await client.query(`update auth.login set proved_at = now() - interval '11 minutes'`)
    await client.end()
    for (const path of ['/auth/link-social', '/auth/unlink-account', '/auth/passkey/delete-passkey', '/auth/device/approve']) {
      const answer = await post(path, { provider: 'github', providerId: 'github', id: 'x', userCode: 'BCDFGHJK' }, ada)
      expect([path, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([path, 403, 'proof_required'])
    }
  })
})
