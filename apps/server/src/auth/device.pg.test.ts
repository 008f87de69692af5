/** The login of a command line (RFC 8628): what each side may do, over HTTP on a whole server with a real person. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeId } from '@orrery/contract'
import { deriveLoginSecret, makeSecretKey, readSecretKeys, signLoginToken } from '@orrery/kernel'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'orrery-device-'))
const secretKey = makeSecretKey()
let database: TestDatabase
let pool: pg.Pool
let server: TestServer
/** The address for people: passkeys and cookies belong to it. */
let people: string
let ada: string

beforeAll(async () => {
  database = await createTestDatabase()
  pool = new pg.Pool({ connectionString: database.url })
  const file = join(folder, 'secret-keys.txt')
  writeFileSync(file, secretKey, { mode: 0o600 })
  const env = { ORRERY_SECRET_KEY_FILE: file, ORRERY_TRUSTED_PROXIES: '127.0.0.0/8,::1' }
  server = await startTestServer(database.url, [], undefined, env)
  const link = new URL(server.setupUrl ?? '')
  people = link.origin
  const answer = await send('POST', '/setup', { token: link.hash.slice(1), name: 'Ada', email: 'ada@example.com' }, { origin: people })
  ada = cookieOf(answer)
})
afterAll(async () => {
  await server?.stop()
  await pool?.end()
  rmSync(folder, { recursive: true })
  await database?.drop()
})
/** Each test has an address of its own, because tries are counted by address. */
let address = ''
let tests = 0
beforeEach(async () => {
  address = `10.0.0.${(tests += 1)}`
  await query('delete from auth.device_code')
})

const query = async (text: string) => (await pool.query<Record<string, unknown>>(text)).rows

type Fields = Readonly<Record<string, unknown>>
type Body = Record<string, unknown>

/** The command line talks to 127.0.0.1, browsers to localhost. */
function send(method: string, path: string, body?: Fields, headers: Record<string, string> = {}): Promise<Response> {
  const at = 'origin' in headers || 'cookie' in headers ? people : server.url
  return fetch(`${at}/auth${path}`, {
    method,
    headers: { 'x-forwarded-for': address, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

const cookieOf = (answer: Response) =>
  /^[^;]*/.exec(answer.headers.getSetCookie().find((one) => one.startsWith('orrery=')) ?? '')?.[0] ?? ''
const read = async (answer: Response) =>
  ({ ...((await answer.json()) as Body), status: answer.status }) as { readonly status: number } & Body

const AGENT = { 'user-agent': 'orrery-cli/1.0.0 on laptop' }
const askCode = async (more: Fields = {}) => read(await send('POST', '/device/code', { client_id: 'orrery-cli', ...more }, AGENT))
const poll = async (code: unknown, client = 'orrery-cli') => {
  const grant = 'urn:ietf:params:oauth:grant-type:device_code'
  return read(await send('POST', '/device/token', { grant_type: grant, device_code: code, client_id: client }, AGENT))
}
/** As if the interval had passed. */
const rest = () => query(`update auth.device_code set last_polled_at = last_polled_at - interval '1 minute'`)
const page = { 'sec-fetch-site': 'same-origin' }
const look = async (code: unknown, cookie = ada) => read(await send('GET', `/device?user_code=${code}`, undefined, { cookie, ...page }))
const decide = async (
  verb: 'approve' | 'deny',
  code: unknown,
  headers: Record<string, string> = { cookie: ada, ...page, origin: people },
) => read(await send('POST', `/device/${verb}`, { userCode: code }, headers))
const orgsOf = (secret: unknown) => fetch(`${server.url}/api/v1/orgs/current`, { headers: { authorization: `Bearer ${secret}` } })

/** Another person, logged in in a browser. */
async function another(name: string): Promise<string> {
  const token = `${name}-token`.padEnd(32, 'x')
  await query(
    `with made as (insert into auth.person (name, email, email_verified) values ('${name}', '${name}@example.com', true) returning id)
     insert into auth.login (person_id, token, expires_at, updated_at) select id, '${token}', now() + interval '1 day', now() from made`,
  )
  return `orrery=${encodeURIComponent(signLoginToken(deriveLoginSecret(readSecretKeys(secretKey)), token))}`
}

describe('a command line', () => {
  it('logs in as the person who confirms its code, and its login ends by itself or by a sign-out', async () => {
    const asked = await askCode()
    expect(asked).toMatchObject({ status: 200, expires_in: 600, interval: 5, verification_uri: `${people}/device` })
    expect(asked.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(asked.verification_uri_complete).toBe(`${people}/device?user_code=${String(asked.user_code).replace('-', '')}`)
    expect(await poll(asked.device_code)).toMatchObject({ status: 400, error: 'authorization_pending' })
    expect(await poll(asked.device_code)).toMatchObject({ status: 400, error: 'slow_down' })
    const typed = String(asked.user_code).toLowerCase()
    expect(await look(typed)).toMatchObject({ status: 200, machine: AGENT['user-agent'], address })
    expect(await decide('approve', typed.replace('-', ' '))).toMatchObject({ status: 200 })
    await rest()
    const got = await poll(asked.device_code)
    expect(got).toMatchObject({ status: 200, token_type: 'Bearer' })
    expect(Number(got.expires_in)).toBeGreaterThan(89 * 86_400)
    expect(await (await orgsOf(got.access_token)).json()).toMatchObject({ id: encodeId('org', server.org) })
    const logins = await query(`select user_agent, client from auth.login where client is not null`)
    expect(logins).toEqual([{ user_agent: AGENT['user-agent'], client: 'orrery-cli' }])
    // A code is good once.
    expect(await poll(asked.device_code)).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await look(asked.user_code)).toMatchObject({ status: 400, error: 'invalid_request' })
    const ended = await send('POST', '/sign-out', {}, { authorization: `Bearer ${got.access_token}` })
    expect(ended.status).toBe(200)
    expect(await query(`select from auth.login where client is not null`)).toEqual([])
    expect(await query(`select from auth.login where client is null`)).toHaveLength(1)
  })

  it('gets nothing once the person has denied, and nothing for a code that is too old', async () => {
    const denied = await askCode()
    await look(denied.user_code)
    expect(await decide('deny', denied.user_code)).toMatchObject({ status: 200 })
    expect(await poll(denied.device_code)).toMatchObject({ error: 'access_denied' })
    const old = await askCode()
    await look(old.user_code)
    await query(`update auth.device_code set expires_at = now() - interval '1 second'`)
    expect(await look(old.user_code)).toMatchObject({ status: 400, error: 'expired_token' })
    expect(await decide('approve', old.user_code)).toMatchObject({ status: 400, error: 'expired_token' })
    expect(await poll(old.device_code)).toMatchObject({ error: 'expired_token' })
    await query(`update auth.device_code set expires_at = now() - interval '2 hours'`)
    await askCode()
    expect(await query('select from auth.device_code')).toHaveLength(1)
  })

  it('needs its own device code, as the server signed it, and the one client', async () => {
    expect(await askCode({ client_id: 'other' })).toMatchObject({ status: 400, error: 'invalid_client' })
    expect(await askCode({ user_id: 'x' })).toMatchObject({ status: 400, error: 'invalid_request' })
    expect(await askCode({ scope: 'all' })).toMatchObject({ status: 400, error: 'invalid_scope' })
    const { device_code: code, user_code: shown } = await askCode()
    expect(await poll(code, 'other')).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await poll(`${code}A`)).toMatchObject({ status: 400, error: 'invalid_grant' })
    const [{ device_code: stored }] = (await query('select device_code from auth.device_code')) as [Body]
    expect(await poll(stored)).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await poll(decodeURIComponent(ada.slice('orrery='.length)))).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect((await orgsOf(code)).status).toBe(401)
    expect(await poll(shown)).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await poll(code)).toMatchObject({ error: 'authorization_pending' })
  })

  it('gets one login when it polls several times at once', async () => {
    const { device_code: code, user_code: shown } = await askCode()
    await look(shown)
    await decide('approve', shown)
    const before = await query('select from auth.login')
    const got = await Promise.all(Array.from({ length: 8 }, () => poll(code)))
    expect(got.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await query('select from auth.login')).toHaveLength(before.length + 1)
  })
})

describe('the way in which a command line logs in', () => {
  it.each([
    ['link', 'device'],
    ['passkey', 'passkey_device'],
  ])('of a person who logged in by %s counts as %s for the rules of organizations', async (approver, method) => {
    await query(`update auth.login set method = '${approver}' where client is null`)
    const asked = await askCode()
    await look(asked.user_code)
    await decide('approve', asked.user_code)
    expect(await poll(asked.device_code)).toMatchObject({ status: 200 })
    const [made] = await query(`select method from auth.login where client is not null order by created_at desc limit 1`)
    expect(made).toMatchObject({ method })
  })
})

describe('a code', () => {
  it('is confirmed by a click on our own page alone, of the person who opened it', async () => {
    const { device_code: code, user_code: shown } = await askCode()
    expect(await look(shown, '')).toMatchObject({ status: 401 })
    expect(await decide('approve', shown, {})).toMatchObject({ status: 401 })
    // Not opened yet.
    expect(await decide('approve', shown)).toMatchObject({ status: 400 })
    await look(shown)
    for (const headers of [
      { cookie: ada },
      { cookie: ada, origin: 'https://evil.example' },
      { cookie: ada, origin: people, 'sec-fetch-site': 'cross-site' },
      { cookie: ada, origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ])
      expect((await decide('approve', shown, headers)).status).toBeGreaterThanOrEqual(401)
    expect((await send('GET', `/device/approve?userCode=${shown}`, undefined, { cookie: ada })).status).toBe(405)
    const ben = await another('ben')
    const seen = await look(shown, ben)
    expect(seen).toMatchObject({ status: 200 })
    expect(seen.machine).toBeUndefined()
    const byBen = { cookie: ben, ...page, origin: people }
    expect(await decide('approve', shown, byBen)).toMatchObject({ status: 403 })
    expect(await decide('deny', shown, byBen)).toMatchObject({ status: 403 })
    expect(await poll(code)).toMatchObject({ error: 'authorization_pending' })
    expect(await decide('approve', shown)).toMatchObject({ status: 200 })
    expect(await decide('approve', shown)).toMatchObject({ status: 400 })
    expect(await decide('deny', shown)).toMatchObject({ status: 400 })
  })

  it('cannot be confirmed, nor a passkey added, by the login of a command line', async () => {
    const { device_code: code, user_code: shown } = await askCode()
    await look(shown)
    await decide('approve', shown)
    const { access_token: secret } = await poll(code)
    const cookie = `orrery=${encodeURIComponent(String(secret))}`
    const next = await askCode()
    expect(await look(next.user_code, cookie)).toMatchObject({ status: 401 })
    expect(await decide('approve', next.user_code, { cookie, ...page, origin: people })).toMatchObject({ status: 401 })
    expect((await send('GET', '/passkey/generate-register-options', undefined, { cookie, ...page })).status).toBe(401)
  })

  it.each(['%00', 'AAAA-AAAA', 'BCDF', 'BCDF-GHJK-LMNP', "' or true --"])(
    'is refused when its form is not that of a code: %s',
    async (code) => {
      expect(await look(code)).toMatchObject({ status: 400, error: 'invalid_request' })
    },
  )

  it('cannot be guessed: an address has 20 tries in ten minutes', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 25; n++) statuses.push((await look('BCDFGHJK')).status)
    expect(statuses.filter((status) => status === 400).length).toBeLessThanOrEqual(20)
    expect(statuses.at(-1)).toBe(429)
  })
})

it('leads people to the name of the server that cookies belong to, with the code', async () => {
  const answer = await fetch(`${server.url}/device?user_code=BCDFGHJK`, { redirect: 'manual' })
  expect([answer.status, answer.headers.get('location')]).toEqual([302, `${people}/device?user_code=BCDFGHJK`])
  const shown = await (await fetch(`${people}/device`)).text()
  expect(shown).toContain('Confirm only if you ran <code>orrery login</code> yourself')
})
