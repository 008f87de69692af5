/**
 * Logging in by OAuth forms, refreshing, revoking, and the published key, as a client in another language sees them: over HTTP on the whole
 * server. Failed logins: all answered alike, limited by network and by agent, and logged without secrets.
 */
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

let database: TestDatabase
let server: TestServer

beforeAll(async () => {
  database = await createTestDatabase()
  server = await startTestServer(database.url, [], undefined, { ORRERY_TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
})

interface Said {
  readonly status: number
  readonly headers: Headers
  readonly body: { readonly access_token: string; readonly refresh_token: string; readonly [member: string]: unknown }
}

/** Another network for each test, because failed logins of one are limited. */
let network = 0
const newNetwork = () => `198.51.${++network}.1`

async function send(path: string, form: Record<string, string> | string, headers: Record<string, string> = {}): Promise<Said> {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': newNetwork(), ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Said['body'] }
}

const ask = (form: Record<string, string> | string, headers: Record<string, string> = {}) => send('/auth/token', form, headers)

async function newAgent(name: string, scopes = ['runs:read', 'events:read']) {
  const { id } = await server.post<{ id: string }>('/api/v1/agents', { name, scopes })
  const { secret } = await server.post<{ secret: string }>(`/api/v1/agents/${id}/credentials`, { name: 'only' })
  return { id, name, secret }
}

const credentialsOf = ({ id, secret }: { readonly id: string; readonly secret: string }) => ({
  grant_type: 'client_credentials',
  client_id: id,
  client_secret: secret,
})
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
})
const statusWith = async (token: string, path = '/api/v1/runs') =>
  (await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status
const errorOf = async (said: Promise<Said>) => {
  const { status, body, headers } = await said
  expect(headers.get('cache-control')).toBe('no-store')
  return [status, body.error]
}

describe('client credentials', () => {
  test('in the body or by HTTP Basic, by id or name, are exchanged for tokens', async () => {
    const agent = await newAgent('form-agent')
    const grant = { grant_type: 'client_credentials' }
    const ways = [
      ask(credentialsOf(agent)),
      ask({ ...credentialsOf(agent), client_id: agent.name }),
      ask(grant, basic(agent.id, agent.secret)),
      ask({ ...grant, client_id: agent.id, scope: '' }, basic(agent.id, agent.secret)),
    ]
    for (const { status, body, headers } of await Promise.all(ways)) {
      expect([status, headers.get('cache-control'), headers.get('pragma')]).toEqual([200, 'no-store', 'no-cache'])
      expect(body).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 900,
        refresh_token: expect.any(String),
        scope: 'runs:read events:read',
      })
      expect(await statusWith(body.access_token)).toBe(200)
    }
  })

  test('may ask for fewer scopes, and not for others', async () => {
    const agent = await newAgent('narrow-agent')
    const { body } = await ask({ ...credentialsOf(agent), scope: 'runs:read' })
    expect(body.scope).toBe('runs:read')
    expect([await statusWith(body.access_token), await statusWith(body.access_token, '/api/v1/events')]).toEqual([200, 403])
    for (const scope of ['keys:write', 'runs:read keys:write', 'nonsense', 'runs:read  events:read', 'RUNS:READ'])
      expect(await errorOf(ask({ ...credentialsOf(agent), scope })), scope).toEqual([400, 'invalid_scope'])
  })

  test('of an API key work too, as before', async () => {
    const { status, body } = await ask(credentialsOf({ id: 'First key', secret: server.key }))
    expect([status, await statusWith(body.access_token)]).toEqual([200, 200])
  })

  test('that are wrong in any way get the same answer', async () => {
    const agent = await newAgent('guarded')
    const other = await newAgent('other')
    const suspended = await newAgent('suspended')
    await server.fetch(`/api/v1/agents/${suspended.id}`, {
      method: 'PATCH',
      body: '{"suspended":true}',
      headers: { 'content-type': 'application/json' },
    })
    const { body } = await ask(credentialsOf(agent))
    const madeUp = `orc_abcdefgh_${'A'.repeat(51)}`
    const wrong = [
      { id: agent.id, secret: madeUp },
      { id: 'nobody', secret: madeUp },
      { id: 'agt_00000000000000000000000000', secret: agent.secret },
      { id: other.id, secret: agent.secret },
      { id: agent.id, secret: 'password' },
      { id: agent.id, secret: body.access_token },
      { id: agent.id, secret: body.refresh_token },
      suspended,
    ]
    const answers = await Promise.all(
      wrong.flatMap((pair) => [ask(credentialsOf(pair)), ask({ grant_type: 'client_credentials' }, basic(pair.id, pair.secret))]),
    )
    const shapes = answers.map(({ status, body: said, headers }) => JSON.stringify([status, said, headers.get('www-authenticate')]))
    expect(new Set(shapes)).toEqual(new Set([shapes[0]]))
    expect(answers[0]).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(answers[0]?.headers.get('www-authenticate')).toMatch(/^Basic /)
  })

  test.each<[string, string, Record<string, string>, number, string]>([
    ['no grant', 'client_id=a&client_secret=b', {}, 400, 'invalid_request'],
    ['another grant', 'grant_type=password&client_id=a&client_secret=b', {}, 400, 'unsupported_grant_type'],
    ['a parameter twice', 'grant_type=client_credentials&client_id=a&client_id=a&client_secret=b', {}, 400, 'invalid_request'],
    ['no client', 'grant_type=client_credentials', {}, 401, 'invalid_client'],
    ['no secret', 'grant_type=client_credentials&client_id=a&client_secret=', {}, 401, 'invalid_client'],
    ['two ways to identify', 'grant_type=client_credentials&client_secret=b', basic('a', 'b'), 400, 'invalid_request'],
    ['two clients', 'grant_type=client_credentials&client_id=b', basic('a', 'b'), 400, 'invalid_request'],
    ['another scheme', 'grant_type=client_credentials&client_id=a', { authorization: 'Bearer x' }, 401, 'invalid_client'],
    ['broken Basic', 'grant_type=client_credentials', { authorization: 'Basic ===' }, 401, 'invalid_client'],
    ['broken encoding', 'grant_type=client_credentials', { authorization: `Basic ${btoa('%zz:x')}` }, 401, 'invalid_client'],
    ['no refresh token', 'grant_type=refresh_token', {}, 400, 'invalid_request'],
    ['a made-up refresh token', 'grant_type=refresh_token&refresh_token=eyJhbGciOiJub25lIn0.e30.x', {}, 400, 'invalid_grant'],
    ['text that is not UTF-8', 'grant_type=%', {}, 400, 'unsupported_grant_type'],
  ])('a request with %s is refused', async (_, form, headers, status, error) => {
    expect(await errorOf(ask(form, headers))).toEqual([status, error])
  })

  test('in a form that is too large are not read', async () => {
    expect((await ask(`grant_type=${'x'.repeat(20_000)}`)).status).toBe(413)
  })
})

describe('refresh tokens', () => {
  test('are good once, keep their scopes, and can be narrowed', async () => {
    const agent = await newAgent('refresher')
    const first = (await ask(credentialsOf(agent))).body
    const second = (await ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token, scope: 'runs:read' })).body
    expect(second).toMatchObject({ token_type: 'Bearer', scope: 'runs:read' })
    const third = (await ask({ grant_type: 'refresh_token', refresh_token: second.refresh_token, client_id: agent.id })).body
    expect(third.scope).toBe('runs:read events:read')
    const wider = { grant_type: 'refresh_token', refresh_token: third.refresh_token, scope: 'keys:read' }
    expect(await errorOf(ask(wider))).toEqual([400, 'invalid_scope'])
    const withSecret = { ...credentialsOf(agent), grant_type: 'refresh_token', refresh_token: third.refresh_token }
    const fourth = (await ask(withSecret)).body
    expect(await statusWith(fourth.access_token)).toBe(200)
    expect(await errorOf(ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token }))).toEqual([400, 'invalid_grant'])
    expect(await statusWith(fourth.access_token)).toBe(401)
  })

  test('are refused to another client, and with a wrong secret, and stay good', async () => {
    const [agent, other] = [await newAgent('owner'), await newAgent('thief')]
    const { refresh_token, access_token } = (await ask(credentialsOf(agent))).body
    const grant = { grant_type: 'refresh_token', refresh_token }
    expect(await errorOf(ask({ ...grant, client_id: other.id }))).toEqual([400, 'invalid_grant'])
    expect(await errorOf(ask({ ...grant, client_id: other.id, client_secret: other.secret }))).toEqual([400, 'invalid_grant'])
    expect(await errorOf(ask({ ...grant, client_id: agent.id, client_secret: other.secret }))).toEqual([401, 'invalid_client'])
    expect(await errorOf(ask({ ...grant, client_id: agent.id, client_secret: 'wrong' }))).toEqual([401, 'invalid_client'])
    expect(await errorOf(ask({ ...grant, refresh_token: access_token }))).toEqual([400, 'invalid_grant'])
    expect(await errorOf(ask({ ...grant, refresh_token: agent.secret }))).toEqual([400, 'invalid_grant'])
    expect((await ask(grant)).status).toBe(200)
  })
})

describe('POST /auth/revoke', () => {
  const revoke = (form: Record<string, string>) => send('/auth/revoke', form)

  test('ends the token family of either token, and is content with one that has ended', async () => {
    const agent = await newAgent('leaver')
    for (const kind of ['access_token', 'refresh_token'] as const) {
      const { body } = await ask(credentialsOf(agent))
      for (let times = 0; times < 2; times++)
        expect(await revoke({ token: body[kind], token_type_hint: kind })).toMatchObject({ status: 200, body: {} })
      expect(await statusWith(body.access_token)).toBe(401)
    }
    expect((await revoke({ token: 'nonsense' })).status).toBe(200)
    expect(await errorOf(revoke({}))).toEqual([400, 'invalid_request'])
  })

  test('leaves keys and secrets as they are, and what belongs to another client', async () => {
    const [agent, other] = [await newAgent('keeper'), await newAgent('stranger')]
    const { access_token: token } = (await ask(credentialsOf(agent))).body
    for (const one of [agent.secret, server.key]) expect((await revoke({ token: one })).status).toBe(200)
    expect(await errorOf(revoke({ token, client_id: other.id, client_secret: other.secret }))).toEqual([400, 'invalid_grant'])
    expect([await statusWith(token), await statusWith(server.key)]).toEqual([200, 200])
  })
})

describe('GET /.well-known/jwks.json', () => {
  test('has the key that verifies access tokens, and nothing of the private one', async () => {
    const { id, ...agent } = await newAgent('verified')
    const { body } = await ask(credentialsOf({ id, ...agent }))
    const answer = await fetch(`${server.url}/.well-known/jwks.json`)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300')
    const keys = (await answer.json()) as JSONWebKeySet
    const [key] = keys.keys
    expect(key).toEqual({ kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid: expect.any(String), use: 'sig', alg: 'EdDSA' })
    const { payload } = await jwtVerify(body.access_token, createLocalJWKSet(keys), {
      issuer: 'orrery',
      audience: 'orrery',
      typ: 'at+jwt',
      algorithms: ['EdDSA'],
    })
    expect(payload.sub).toBe(id)
  })
})

describe('failed logins', () => {
  const madeUp = (n: number) => `orc_abcdefgh_${String(n).padStart(51, 'A')}`
  const asJson = async (agent_id: string, credentials: string, from: string) => {
    const answer = await fetch(`${server.url}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
      body: JSON.stringify({ agent_id, credentials }),
    })
    return answer.status
  }

  test('from one network are limited, those of an agent that exists and of one that does not alike', async () => {
    const agent = await newAgent('behind-one-network')
    for (const name of [agent.name, 'not-there']) {
      const from = newNetwork()
      const statuses = await Promise.all(Array.from({ length: 45 }, (_, n) => asJson(`${name}-${n}`, madeUp(n), from)))
      expect(new Set(statuses)).toEqual(new Set([401, 429]))
      const form = await ask(credentialsOf({ id: agent.id, secret: madeUp(0) }), { 'x-forwarded-for': from })
      expect([form.status, form.headers.get('retry-after')]).toEqual([429, '1'])
      // The agent itself is not kept out.
      expect(await asJson(agent.name, agent.secret, from)).toBe(200)
    }
  })

  test('as one agent are limited from wherever they come, and the agent is not kept out', async () => {
    const agent = await newAgent('attacked')
    const statuses = await Promise.all(Array.from({ length: 45 }, (_, n) => asJson(agent.id, madeUp(n), newNetwork())))
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
    expect(await asJson(agent.id, agent.secret, newNetwork())).toBe(200)
  })

  test('are logged with the agent and the address, and without the secret; a secret sent as another agent is audited', async () => {
    const agent = await newAgent('watched')
    const from = newNetwork()
    await asJson('watched', madeUp(77), from)
    await asJson('someone-else', agent.secret, from)
    const lines = server
      .log()
      .split('\n')
      .filter((line) => line.includes('Refused a login') && line.includes(from))
    expect(lines.map((line) => (JSON.parse(line) as { agent: string }).agent)).toEqual(['watched', 'someone-else'])
    for (const secret of [madeUp(77), agent.secret]) expect(server.log()).not.toContain(secret)
    const { items } = await server.json<{ items: { detail: unknown }[] }>(`/api/v1/audit?action=token.issued&subject=${agent.id}`)
    expect(items.map(({ detail }) => detail)).toEqual([{ refused: 'sent as another agent' }])
  })
})
