/** Passkeys and cookies that were not made by a browser, against the whole server. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { makeSoftwarePasskey } from '../testing/software-passkey.fixture.ts'
import { startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

let database: TestDatabase
let server: TestServer
let own: string
/** The cookie of the first person. */
let ada: string

beforeAll(async () => {
  database = await createTestDatabase()
  server = await startTestServer(database.url)
  const setup = new URL(server.setupUrl ?? '')
  own = setup.origin
  const made = await post('/auth/setup', { token: setup.hash.slice(1), name: 'Ada', email: 'ada@example.com' })
  ada = cookiesOf(made)
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
})

const page = { 'sec-fetch-site': 'same-origin' }
const cookiesOf = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
const get = (path: string, cookie: string) => fetch(`${own}${path}`, { headers: { ...page, cookie } })
const post = (path: string, body: object, cookie = '') =>
  fetch(`${own}${path}`, {
    method: 'POST',
    headers: { ...page, origin: own, 'content-type': 'application/json', ...(cookie === '' ? {} : { cookie }) },
    body: JSON.stringify(body),
  })

async function ceremony(from: string, to: string, cookie: string, answerTo: (challenge: string) => object): Promise<Response> {
  const asked = await get(`/auth/passkey/${from}`, cookie)
  const { challenge } = (await asked.json()) as { challenge: string }
  return post(`/auth/passkey/${to}`, { response: answerTo(challenge) }, [cookie, cookiesOf(asked)].filter((one) => one !== '').join('; '))
}
const register = (passkey: ReturnType<typeof makeSoftwarePasskey>, isVerified: boolean) =>
  ceremony('generate-register-options', 'verify-registration', ada, (challenge) => passkey.register(challenge, isVerified))
const logIn = (passkey: ReturnType<typeof makeSoftwarePasskey>, isVerified: boolean) =>
  ceremony('generate-authenticate-options', 'verify-authentication', '', (challenge) => passkey.logIn(challenge, isVerified))

it('takes a passkey only if it checked finger, face or PIN, when it is added and when it is used', async () => {
  const passkey = makeSoftwarePasskey(own)
  expect((await register(passkey, false)).status).toBe(401)
  expect((await register(passkey, true)).status).toBe(200)
  const refused = await logIn(passkey, false)
  expect([refused.status, cookiesOf(refused)]).toEqual([401, ''])
  const entered = await logIn(passkey, true)
  expect(entered.status).toBe(200)
  expect((await get('/api/v1/profile', cookiesOf(entered))).status).toBe(200)
})

it('takes the login of a command line for no login of a browser, however its cookie is written', async () => {
  const asked = (await (await post('/auth/device/code', { client_id: 'orrery-cli' })).json()) as { user_code: string; device_code: string }
  await get(`/auth/device?user_code=${asked.user_code}`, ada)
  expect((await post('/auth/device/approve', { userCode: asked.user_code }, ada)).status).toBe(200)
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'orrery-cli', device_code: asked.device_code }
  const { access_token: secret } = (await (await post('/auth/device/token', grant)).json()) as { access_token: string }
  const value = encodeURIComponent(secret)
  for (const cookie of [`orrery=${value}`, `orrery =${value}`, `a=b;\torrery=${value}`, `orrery="${value}"`, `orrery=x; orrery =${value}`])
    for (const path of ['/auth/list-accounts', '/auth/passkey/generate-register-options', `/auth/device?user_code=${asked.user_code}`])
      expect([cookie, path, (await get(path, cookie)).status]).toEqual([cookie, path, 401])
})

it('logs a browser in by the link of a mail from its own page alone', async () => {
  const answer = await fetch(`${own}/auth/magic-link/verify?token=x`, {
    headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    redirect: 'manual',
  })
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'host_not_allowed'])
})
