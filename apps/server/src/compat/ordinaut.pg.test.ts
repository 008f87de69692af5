/** Goal: every endpoint of Ordinaut's contract answers as it did there. Uses the whole server over HTTP, on a database of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createTRPCClient, httpLink } from '@trpc/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'
import type { AppRouter } from '../trpc/router.ts'
import type { InputError } from './fastapi-errors.ts'
import { ordinautRoutes } from './ordinaut.ts'

const EXAMPLES = new URL('../../../../packages/expressions/src/fixtures/', import.meta.url)
const UNUSED_ID = '018f4e1c-0000-7000-8000-000000000000'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

let database: TestDatabase
let server: TestServer
let folder: string
/** An access token of the admin key. */
let token: string
let otherKey: string
let narrowKey: string

interface Said {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
  /** The errors, if the input was refused. */
  readonly errors: readonly InputError[]
}

/** The members of answers that the tests read by name. */
interface Body {
  readonly [member: string]: unknown
  readonly id: string
  readonly items: readonly { readonly id: string; readonly error: unknown }[]
  readonly details: { readonly run_id: string }
  readonly topics: readonly unknown[]
  readonly events: readonly unknown[]
  readonly access_token: string
  readonly refresh_token: string
}

const asked = new Set<string>()

async function ask(
  method: string,
  path: string,
  body?: unknown,
  key: string | null = token,
  more: Record<string, string> = {},
): Promise<Said> {
  const route = ordinautRoutes.find(
    (one) => one.method === method && new RegExp(`^(/api/v1)?${one.path.replaceAll(/:\w+/g, '[^/]+')}/?$`).test(path.replace(/\?.*/, '')),
  )
  if (route !== undefined) asked.add(`${route.method} ${route.path}`)
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...more,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const said = (text === '' ? null : JSON.parse(text)) as Body
  const errors = Array.isArray(said?.detail) ? (said.detail as InputError[]) : []
  return { status: answer.status, headers: answer.headers, body: said, errors }
}

const login = async (credentials: object) => ask('POST', '/auth/token', credentials, null)
const pipeline = [{ id: 'nap', wait: '1ms' }]
const task = (more: object = {}) => ({
  title: 'A task',
  description: 'It naps',
  schedule_kind: 'cron',
  schedule_expr: '0 7 * * *',
  payload: { pipeline },
  ...more,
})
const createTask = async (more: object = {}): Promise<string> => {
  const made = await ask('POST', '/api/v1/tasks', task(more))
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return made.body.id
}
const finished = async (run: string, key = token): Promise<Body> => {
  await expect
    .poll(async () => (await ask('GET', `/api/v1/runs/${run}`, undefined, key)).body.finished_at, { timeout: 15_000 })
    .not.toBeNull()
  return (await ask('GET', `/api/v1/runs/${run}`, undefined, key)).body
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orrery-ordinaut-'))
  database = await createTestDatabase()
  server = await startTestServer(database.url, [], undefined, { ORRERY_TOKEN_KEY_FILE: join(folder, 'token-key.pem') })
  token = (await login({ agent_id: 'First key', credentials: server.key })).body.access_token
  otherKey = (await server.post<{ secret: string }>('/api/v1/orgs', { name: 'other' })).secret
  narrowKey = (await server.post<{ secret: string }>('/api/v1/keys', { name: 'narrow', scopes: ['workflows:read'] })).secret
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

describe('/auth', () => {
  const newKey = async (name: string) => server.post<{ id: string; secret: string }>('/api/v1/keys', { name, set: 'admin' })

  test('answers valid credentials with tokens, at both paths', async () => {
    const { id, secret } = await newKey('briefing agent')
    for (const path of ['/auth/token', '/agents/auth/token', '/api/v1/auth/token', '/auth/token/']) {
      for (const agent_id of ['briefing agent', id]) {
        const { status, body } = await ask('POST', path, { agent_id, credentials: secret }, null)
        expect([status, body]).toEqual([
          200,
          { access_token: expect.any(String), refresh_token: expect.any(String), token_type: 'bearer', expires_in: 900 },
        ])
      }
    }
  })

  test('answers all invalid credentials alike', async () => {
    const { id, secret } = await newKey('guarded')
    const wrong = [
      { agent_id: 'guarded', credentials: `orr_abcdefgh_${'A'.repeat(43)}` },
      { agent_id: 'guarded', credentials: 'password' },
      { agent_id: 'unknown', credentials: secret },
      { agent_id: id, credentials: server.key },
      { agent_id: id, credentials: id },
      { agent_id: id, credentials: token },
    ]
    for (const pair of wrong) {
      const { status, body, headers } = await login(pair)
      expect([status, body.detail, headers.has('www-authenticate')]).toEqual([401, 'Invalid agent credentials', true])
    }
  })

  test('refuses malformed credentials with the errors of FastAPI', async () => {
    expect(await login({})).toMatchObject({
      status: 422,
      body: { detail: expect.arrayContaining([{ loc: ['body', 'agent_id'], msg: 'Field required', type: 'missing' }]) },
    })
    expect((await login({ agent_id: 'x' })).errors[0]).toMatchObject({ loc: ['body', 'credentials'], type: 'missing' })
    expect(await ask('POST', '/auth/token', '{', null)).toMatchObject({ status: 422, body: { detail: [{ loc: ['body'] }] } })
    expect((await ask('POST', '/auth/token', { agent_id: 'x', credentials: 'y'.repeat(20_000) }, null)).status).toBe(413)
    expect((await ask('GET', '/auth/token', undefined, null)).status).toBe(405)
  })

  test('issues tokens that work on every face, with the scopes of their key', async () => {
    const { secret } = await server.post<{ secret: string }>('/api/v1/keys', { name: 'reader', scopes: ['runs:read'] })
    const { access_token: reader } = (await login({ agent_id: 'reader', credentials: secret })).body
    expect((await ask('GET', '/api/v1/runs', undefined, reader)).status).toBe(200)
    expect((await ask('GET', '/api/v1/keys', undefined, reader)).status).toBe(403)
    const trpc = createTRPCClient<AppRouter>({
      links: [httpLink({ url: `${server.url}/trpc`, headers: { authorization: `Bearer ${reader}` } })],
    })
    expect((await trpc.runs.list.query({})).items).toEqual([])
    await expect(trpc.keys.list.query({})).rejects.toMatchObject({ data: { httpStatus: 403 } })
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit: { headers: { authorization: `Bearer ${reader}` } } }),
    )
    expect((await client.callTool({ name: 'run_list', arguments: {} })).structuredContent).toMatchObject({ items: [] })
    await client.close()
  })

  test('accepts a refresh token once, and revokes the token family when it is used twice', async () => {
    const first = (await login({ agent_id: 'First key', credentials: server.key })).body
    const second = await ask('POST', '/auth/refresh', { refresh_token: first.refresh_token }, null)
    expect(second).toMatchObject({ status: 200, body: { token_type: 'bearer', expires_in: 900 } })
    expect((await ask('GET', '/api/v1/tasks', undefined, second.body.access_token)).status).toBe(200)
    expect(await ask('POST', '/agents/auth/refresh', { refresh_token: first.refresh_token }, null)).toMatchObject({
      status: 401,
      body: { detail: 'Invalid refresh token' },
    })
    expect((await ask('POST', '/auth/refresh', { refresh_token: second.body.refresh_token }, null)).status).toBe(401)
    expect((await ask('GET', '/api/v1/tasks', undefined, second.body.access_token)).status).toBe(401)
    expect((await ask('POST', '/auth/refresh', { refresh_token: second.body.access_token }, null)).status).toBe(401)
    expect((await ask('POST', '/auth/refresh', {}, null)).status).toBe(422)
  })

  test('keeps revoked tokens revoked and other tokens valid after a restart', async () => {
    const [kept, ended] = [
      await login({ agent_id: 'First key', credentials: server.key }),
      await login({ agent_id: 'First key', credentials: server.key }),
    ]
    expect(await ask('POST', '/auth/revoke', { refresh_token: ended.body.refresh_token }, null)).toMatchObject({
      status: 200,
      body: { success: true },
    })
    expect(await ask('POST', '/agents/auth/revoke', { token: 'nonsense' }, null)).toMatchObject({ status: 200, body: { success: true } })
    const { key } = server
    await server.stop()
    server = await startTestServer(database.url, [], { key }, { ORRERY_TOKEN_KEY_FILE: join(folder, 'token-key.pem') })
    expect((await ask('GET', '/api/v1/tasks', undefined, kept.body.access_token)).status).toBe(200)
    expect((await ask('GET', '/api/v1/tasks', undefined, ended.body.access_token)).status).toBe(401)
    expect((await ask('POST', '/auth/refresh', { refresh_token: ended.body.refresh_token }, null)).status).toBe(401)
    // Revoking the key ends the tokens issued for it.
    const made = await newKey('short-lived')
    const short = (await login({ agent_id: 'short-lived', credentials: made.secret })).body
    await server.fetch(`/api/v1/keys/${made.id}`, { method: 'DELETE' })
    expect((await ask('GET', '/api/v1/tasks', undefined, short.access_token)).status).toBe(401)
  })
})

describe('/tasks', () => {
  test('creates, shows, changes and deletes a task', async () => {
    const made = await ask(
      'POST',
      '/api/v1/tasks',
      task({
        title: 'Morning',
        priority: 4,
        max_retries: 2,
        backoff_strategy: 'linear',
        dedupe_key: 'm',
        dedupe_window_seconds: 60,
        concurrency_key: 'mail',
      }),
    )
    expect(made).toMatchObject({
      status: 201,
      body: {
        title: 'Morning',
        status: 'active',
        priority: 4,
        schedule_kind: 'cron',
        timezone: 'UTC',
        created_by: expect.stringMatching(UUID),
      },
    })
    const { id } = made.body
    expect(id).toMatch(UUID)
    expect(await ask('GET', `/api/v1/tasks/${id}`)).toMatchObject({ status: 200, body: made.body })
    expect((await ask('GET', `/tasks/${id}/`)).body).toEqual(made.body)
    const changed = await ask('PUT', `/api/v1/tasks/${id}`, { title: 'Evening', schedule_expr: '0 19 * * *', priority: 1 })
    expect(changed).toMatchObject({
      status: 200,
      body: { title: 'Evening', schedule_expr: '0 19 * * *', priority: 1, dedupe_key: 'm', backoff_strategy: 'linear' },
    })
    expect((await ask('PUT', `/api/v1/tasks/${id}`, { status: 'paused', max_retries: 0 })).body).toMatchObject({
      status: 'paused',
      max_retries: 0,
    })
    expect((await ask('PUT', `/api/v1/tasks/${id}`, { status: 'active' })).body).toMatchObject({ status: 'active', title: 'Evening' })
    expect(await ask('DELETE', `/api/v1/tasks/${id}`)).toMatchObject({ status: 200, body: { success: true, details: { task_id: id } } })
    expect(await ask('GET', `/api/v1/tasks/${id}`)).toMatchObject({ status: 404, body: { detail: expect.any(String) } })
  })

  test('creates a task as an automation, and shows changes made to that automation', async () => {
    const id = await createTask({ title: 'Seen from both sides', priority: 2, max_retries: 4, concurrency_key: 'c' })
    const { items } = await server.json<{ items: { id: string; name: string }[] }>('/api/v1/automations?text=Seen')
    expect(items).toMatchObject([{ name: 'seen-from-both-sides' }])
    const automation = await server.json(`/api/v1/automations/${items[0]?.id}`)
    expect(automation).toMatchObject({
      definition: { priority: 'urgent', retry: { max: 5, backoff: 'exponential_jitter' }, concurrencyKey: 'c', overlap: 'allow_all' },
    })
    await server.fetch(`/api/v1/automations/${items[0]?.id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'Changed here', priority: 'low' }),
    })
    expect((await ask('GET', `/api/v1/tasks/${id}`)).body).toMatchObject({ title: 'Changed here', priority: 8 })
  })

  test('creates several tasks with the same title, in any script, but one for a repeated request', async () => {
    const ids = await Promise.all([
      createTask({ title: 'Утренний отчёт' }),
      createTask({ title: 'Утренний отчёт' }),
      createTask({ title: 'Утренний отчёт' }),
    ])
    expect(new Set(ids).size).toBe(3)
    const once = () => ask('POST', '/api/v1/tasks', task({ title: 'Once' }), token, { 'idempotency-key': 'once' })
    const twice = () => ask('POST', '/api/v1/tasks', task({ title: 'Once' }), token, { 'idempotency-key': 'twice' })
    const [first, second] = [await once(), await twice()]
    expect((await once()).body.id).toBe(first.body.id)
    expect((await twice()).body.id).toBe(second.body.id)
    expect(second.body.id).not.toBe(first.body.id)
  })

  test('changes a task once when a change is repeated under its idempotency key', async () => {
    const id = await createTask({ title: 'Changed twice' })
    const change = () => ask('PUT', `/api/v1/tasks/${id}`, { priority: 2, status: 'paused' }, token, { 'idempotency-key': 'change' })
    const first = await change()
    expect(first).toMatchObject({ status: 200, body: { priority: 2, status: 'paused' } })
    expect(await change()).toMatchObject({ status: 200, body: first.body })
  })

  test('changes only the named members of an automation that was not created as a task', async () => {
    const make = (more: object) => server.post<{ id: string }>('/api/v1/automations', { pipeline, ...more })
    for (const more of [
      { title: 'By hand' },
      { title: 'By a call', triggers: [{ type: 'webhook' }] },
      { title: 'Rarely twice', schedule: '0 9 * * *', dedupe: { key: 'k', window: '400d' } },
    ]) {
      const { id } = await make(more)
      expect((await ask('PUT', `/api/v1/tasks/${id}`, { title: `${more.title} again`, priority: 1 })).body).toMatchObject({
        title: `${more.title} again`,
        priority: 1,
      })
      const { definition } = await server.json<{ definition: object }>(`/api/v1/automations/${id}`)
      expect(definition).toMatchObject({ ...more, title: `${more.title} again`, priority: 'urgent' })
    }
  })

  test('lists more tasks than the rate limit of the key allows calls', async () => {
    for (let at = 0; at < 25; at++) await createTask({ title: `One of many ${at}` })
    const slow = await startTestServer(database.url, ['--roles', 'api'], { key: server.key }, { ORRERY_REQUESTS_PER_SECOND: '10' })
    try {
      const { items } = await slow.json<{ items: unknown[] }>('/tasks?limit=25')
      expect(items).toHaveLength(25)
    } finally {
      await slow.stop()
    }
  })

  test('filters and pages the list', async () => {
    const created_by = '018f4e1c-0000-7000-8000-0000000000aa'
    const ids: string[] = []
    for (const kind of ['event', 'rrule', 'once']) {
      const schedule_expr = { event: 'mail.received', rrule: 'FREQ=DAILY', once: '2031-01-01T00:00:00Z' }[kind]
      ids.push(await createTask({ title: `Filtered ${kind}`, schedule_kind: kind, schedule_expr, created_by }))
    }
    const mine = (await ask('GET', `/api/v1/tasks?created_by=${created_by}`)).body
    expect(mine.items.map(({ id }) => id)).toEqual(ids.toReversed())
    expect(mine).toMatchObject({ total: 3, limit: 50, offset: 0, has_more: false })
    const page = (await ask('GET', `/api/v1/tasks/?created_by=${created_by}&limit=1&offset=1`)).body
    expect(page).toMatchObject({ items: [{ id: ids[1] }], total: 3, limit: 1, offset: 1, has_more: true })
    expect((await ask('GET', `/api/v1/tasks?schedule_kind=event&created_by=${created_by}`)).body.items).toMatchObject([{ id: ids[0] }])
    await ask('POST', `/api/v1/tasks/${ids[0]}/pause`)
    expect((await ask('GET', '/api/v1/tasks?status=paused')).body.items.map(({ id }) => id)).toContain(ids[0])
    expect((await ask('GET', '/api/v1/tasks?status=active&limit=200')).body.items.map(({ id }) => id)).not.toContain(ids[0])
    expect((await ask('GET', '/tasks?limit=2')).body.items).toHaveLength(2)
  })

  test('pauses, resumes, snoozes and cancels a task', async () => {
    const id = await createTask({ title: 'Moody' })
    const at = (verb: string, body?: object) => ask('POST', `/api/v1/tasks/${id}/${verb}`, body)
    const status = async () => (await ask('GET', `/api/v1/tasks/${id}`)).body.status
    expect(await at('pause')).toMatchObject({ status: 200, body: { success: true, details: { task_id: id, status: 'paused' } } })
    expect([await status(), (await at('run-now')).status, (await at('snooze', { delay_seconds: 5 })).status]).toEqual(['paused', 400, 400])
    expect(await at('resume')).toMatchObject({ status: 200, body: { success: true, details: { status: 'active' } } })
    expect(await at('snooze', { delay_seconds: 3600, reason: 'holiday' })).toMatchObject({
      status: 200,
      body: { details: { delay_seconds: 3600 } },
    })
    expect(await status()).toBe('active')
    expect(await at('cancel')).toMatchObject({ status: 200, body: { success: true, details: { status: 'canceled' } } })
    expect([await status(), (await ask('GET', '/api/v1/tasks?status=canceled')).body.items[0]?.id]).toEqual(['canceled', id])
    for (const body of [{ delay_seconds: 0 }, { delay_seconds: 604_801 }, { delay_seconds: 5, reason: 'x'.repeat(201) }, {}]) {
      const other = await createTask({ title: 'Awake' })
      expect((await ask('POST', `/api/v1/tasks/${other}/snooze`, body)).status, JSON.stringify(body)).toBe(422)
    }
    const unsaid = await ask('POST', `/api/v1/tasks/${await createTask({ title: 'Unsaid' })}/snooze`, { delay_seconds: 5, reason: 'a\0b' })
    expect(unsaid.errors[0]?.loc).toEqual(['body', 'reason'])
  })

  test('refuses an invalid task with the path, the step and the reason', async () => {
    const refused = async (more: object) => {
      const { status, errors } = await ask('POST', '/api/v1/tasks', task(more))
      return [status, errors[0]?.loc, errors[0]?.msg]
    }
    expect(await refused({ schedule_expr: 'every full moon' })).toEqual([422, ['body', 'schedule_expr'], expect.any(String)])
    expect(await refused({ schedule_kind: 'rrule', schedule_expr: 'FREQ=SOMETIMES' })).toEqual([
      422,
      ['body', 'schedule_expr'],
      expect.any(String),
    ])
    expect(await refused({ timezone: 'Invalid/Timezone' })).toEqual([
      422,
      ['body', 'timezone'],
      expect.stringContaining('Invalid/Timezone'),
    ])
    expect(await refused({ payload: { pipeline: [{ id: 'mail', uses: 'no.such_tool' }] } })).toEqual([
      422,
      ['body', 'payload', 'pipeline', 0, 'uses'],
      expect.stringMatching(/no\.such_tool.*step mail/s),
    ])
    expect(await refused({ payload: undefined, pipeline: [{ id: 'a', uses: 'no.such_tool' }] })).toEqual([
      422,
      ['body', 'pipeline', 0, 'uses'],
      expect.any(String),
    ])
    expect(await refused({ payload: { pipeline: [...pipeline, ...pipeline] } })).toEqual([
      422,
      expect.arrayContaining(['payload']),
      expect.any(String),
    ])
    const id = await createTask({ title: 'Stays' })
    expect((await ask('PUT', `/api/v1/tasks/${id}`, { schedule_expr: 'nonsense' })).errors[0]?.loc).toEqual(['body', 'schedule_expr'])
    expect((await ask('GET', `/api/v1/tasks/${id}`)).body.schedule_expr).toBe('0 7 * * *')
  })

  test.for(['UTC', 'America/Argentina/Buenos_Aires', 'America/Port-au-Prince', 'Asia/Tokyo'])(
    'accepts the time zone %s',
    async (timezone) => {
      expect((await ask('POST', '/api/v1/tasks', task({ title: `In ${timezone}`, timezone }))).body.timezone).toBe(timezone)
    },
  )
})

describe('/runs', () => {
  test('runs a task now, and shows its run with steps and logs', async () => {
    const id = await createTask({
      title: 'Runner',
      payload: {
        params: { word: 'hello' },
        pipeline: [
          { id: 'nap', wait: '1ms' },
          { id: 'skipped', if: 'false', wait: '1h' },
        ],
      },
    })
    for (const path of [`/api/v1/tasks/${id}/run-now`, `/tasks/${id}/run_now`]) {
      const now = await ask('POST', path)
      expect(now).toMatchObject({ status: 200, body: { success: true, details: { task_id: id, run_id: expect.stringMatching(UUID) } } })
      const run = await finished(now.body.details.run_id)
      expect(run).toMatchObject({ task_id: id, success: true, error: null, attempt: 1, status: 'succeeded', logs: [] })
      expect(run.steps).toMatchObject([
        { id: 'nap', state: 'succeeded', started_at: expect.any(String) },
        { id: 'skipped', state: 'skipped' },
      ])
    }
    const latest = await ask('GET', `/api/v1/runs/task/${id}/latest`)
    expect(latest.body).toMatchObject({ task_id: id, success: true })
    const list = (await ask('GET', `/api/v1/runs?task_id=${id}`)).body
    expect(list).toMatchObject({ total: 2, limit: 50, offset: 0, has_more: false, items: [{ id: latest.body.id }, { task_id: id }] })
    expect((await ask('GET', `/runs/?task_id=${id}&success=false`)).body.total).toBe(0)
    expect((await ask('GET', `/runs?task_id=${id}&success=true&limit=1&offset=1`)).body).toMatchObject({ total: 2, has_more: false })
    expect((await ask('GET', `/runs?end_time=2020-01-01T00:00:00`)).body.total).toBe(0)
    expect((await ask('GET', `/api/v1/runs/task/${id}/stats`)).body).toMatchObject({
      task_id: id,
      period_days: 30,
      total_runs: 2,
      success_rate: 1,
      failure_rate: 0,
    })
    expect((await ask('GET', '/api/v1/runs/stats/summary?days=1')).body).toMatchObject({
      period_days: 1,
      total_runs: expect.any(Number),
      success_rate: expect.any(Number),
    })
  })

  test('shows why a run failed, and retries it from the failed step', async () => {
    const id = await createTask({
      title: 'Failing',
      payload: { params: { word: 'x' }, pipeline: [{ id: 'when', wait: '${params.word}' }] },
    })
    const { run_id } = (await ask('POST', `/api/v1/tasks/${id}/run-now`)).body.details
    const run = await finished(run_id)
    expect(run).toMatchObject({ success: false, status: 'failed', error: expect.any(String), steps: [{ id: 'when', state: 'failed' }] })
    const hidden = (await ask('GET', `/api/v1/runs?task_id=${id}`)).body.items[0]?.error
    const shown = (await ask('GET', `/api/v1/runs?task_id=${id}&include_errors=true`)).body.items[0]?.error
    expect([hidden === run.error, shown === run.error]).toEqual([false, true])
    const retried = await ask('POST', `/api/v1/runs/${run_id}/retry`)
    expect(retried).toMatchObject({
      status: 200,
      body: { success: true, details: { run_id: expect.stringMatching(UUID), source_run_id: run_id } },
    })
    expect(await finished(retried.body.details.run_id)).toMatchObject({ task_id: id, success: false, attempt: 2 })
    expect((await ask('GET', `/api/v1/runs/task/${id}/stats`)).body).toMatchObject({ failed_runs: 2, last_success: null })
  })

  test('cancels a run', async () => {
    const id = await createTask({ title: 'Sleeper', payload: { pipeline: [{ id: 'sleep', wait: '1h' }] } })
    const { run_id } = (await ask('POST', `/api/v1/tasks/${id}/run-now`)).body.details
    expect((await ask('GET', `/api/v1/runs/${run_id}`)).body).toMatchObject({ success: null, finished_at: null })
    expect((await ask('POST', `/api/v1/runs/${run_id}/retry`)).status).toBe(409)
    expect(await ask('POST', `/api/v1/runs/${run_id}/cancel`)).toMatchObject({ status: 200, body: { success: true } })
    expect(await finished(run_id)).toMatchObject({ success: false, status: 'cancelled' })
    expect((await ask('POST', `/api/v1/runs/${run_id}/cancel`)).status).toBe(409)
  })

  test('serves shared paths in our own format to clients that do not use Ordinaut’s contract', async () => {
    expect(await server.json('/api/v1/runs?limit=1')).toMatchObject({
      items: [{ id: expect.stringMatching(/^run_/) }],
      nextCursor: expect.any(String),
    })
    const asOrdinaut = await ask('GET', '/api/v1/runs?limit=1', undefined, server.key, { accept: 'application/vnd.ordinaut+json' })
    expect(asOrdinaut.body).toMatchObject({ items: [{ id: expect.stringMatching(UUID) }], total: expect.any(Number) })
    const ours = (await server.post<{ accessToken: string }>('/api/v1/tokens', {})).accessToken
    expect((await ask('GET', '/api/v1/runs?limit=1', undefined, ours)).body).toHaveProperty('nextCursor')
    const runId = (await server.json<{ items: { id: string }[] }>('/api/v1/runs?limit=1')).items[0]?.id
    expect((await ask('GET', `/api/v1/runs/${runId}`)).body).toMatchObject({ id: runId, workflow: expect.any(String) })
  })
})

describe('/events', () => {
  test('starts a run of each task that listens to an event, and passes the payload to its steps', async () => {
    const id = await createTask({
      title: 'Listener',
      schedule_kind: 'event',
      schedule_expr: 'mail.arrived',
      payload: { pipeline: [{ id: 'nap', wait: '${event.data.nap}' }] },
    })
    const source_agent_id = '018f4e1c-0000-7000-8000-0000000000bb'
    const sent = await ask('POST', '/events/', { topic: 'mail.arrived', payload: { nap: '2ms' }, source_agent_id })
    expect(sent).toMatchObject({ status: 202, body: { success: true, details: { topic: 'mail.arrived', source_agent_id } } })
    await expect.poll(async () => (await ask('GET', `/api/v1/runs/task/${id}/latest`)).body?.success, { timeout: 15_000 }).toBe(true)
    const topics = (await ask('GET', '/events/topics')).body
    expect(topics.topics).toContainEqual({ topic: 'mail.arrived', active_tasks: 1, task_ids: [id] })
    expect(topics.total_topics).toBe(topics.topics.length)
    const recent = (await ask('GET', '/api/v1/events/stream/recent?count=200')).body
    expect(recent.events).toContainEqual(expect.objectContaining({ topic: 'mail.arrived', payload: { nap: '2ms' }, source_agent_id }))
    expect((await ask('POST', '/api/v1/events', { topic: 'mail.read', payload: {} })).body).toMatchObject({ success: true })
    expect((await ask('POST', '/api/v1/events', { topic: 'mail.read', payload: {} }, server.key)).body).toMatchObject({ type: 'mail.read' })
    expect((await ask('DELETE', '/events/stream/cleanup')).body).toMatchObject({
      success: true,
      details: { deleted_count: 0, max_age_hours: 24 },
    })
  })

  test('refuses an invalid event', async () => {
    for (const body of [
      {},
      { topic: '' },
      { topic: 'run.failed', payload: {} },
      { topic: 'a', payload: 7 },
      { topic: 'a'.repeat(200), payload: {} },
    ])
      expect((await ask('POST', '/events', body)).status, JSON.stringify(body)).toBe(422)
  })
})

describe('the examples', () => {
  const read = (name: string) => readFileSync(new URL(name, EXAMPLES), 'utf8')
  const bind = async (tool: string, output: unknown) => {
    const definition = { description: tool, implementation: { kind: 'pipeline', definition: { pipeline: [], output } } }
    const answer = await server.fetch(`/api/v1/tools/${tool}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ definition }),
    })
    expect(answer.ok, await answer.clone().text()).toBe(true)
  }

  test('of the daily briefing is accepted unchanged once its tools exist, and refused with each missing tool before', async () => {
    const refused = await ask('POST', '/api/v1/tasks', read('daily-briefing.json'))
    expect([refused.status, refused.errors.length]).toEqual([422, 4])
    await bind('analytics.business_metrics', { revenue: 7 })
    await bind('llm.analyze', { trend: 'up: ${params.data.revenue}' })
    await bind('llm.executive_summary', { summary: '${params.analysis.trend}' })
    await bind('communication.send_executive_summary', { sent: '${params.subject}: ${params.content}' })
    const made = await ask('POST', '/api/v1/tasks', read('daily-briefing.json'))
    expect(made).toMatchObject({ status: 201, body: { schedule_kind: 'rrule', timezone: 'America/New_York' } })
    const { run_id } = (await ask('POST', `/api/v1/tasks/${made.body.id}/run-now`)).body.details
    const run = await finished(run_id)
    expect(run).toMatchObject({ success: true, error: null })
    expect(JSON.stringify(run.steps)).toMatch(/Daily Executive Briefing - \d{4}-\d\d-\d\d: up: 7/)
  })

  test('of the adaptive follow-up schedules a run of another task for the given number of hours later', async () => {
    await createTask({ title: 'client_follow_up', schedule_kind: 'event', schedule_expr: 'never.happens' })
    await bind('crm.read', { level: 'high', client_id: 7 })
    const read = (save_as: string) => ({ id: save_as, uses: 'crm.read', save_as })
    const step = JSON.parse(readFileSync(new URL('adaptive-follow-up.step.json', EXAMPLES), 'utf8'))
    const made = await ask(
      'POST',
      '/api/v1/tasks',
      task({ title: 'Adaptive', payload: { pipeline: [read('email'), read('email_priority'), step] } }),
    )
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const { run_id } = (await ask('POST', `/api/v1/tasks/${made.body.id}/run-now`)).body.details
    expect(await finished(run_id)).toMatchObject({ success: true, error: null })
    const { items } = await server.json<{ items: { firesAt: string }[] }>('/api/v1/automations/client-follow-up/firings')
    expect(items).toMatchObject([{ outcome: 'scheduled', runId: null }])
    expect(Math.abs(Date.parse(items[0]?.firesAt ?? '') - Date.now() - 2 * 3_600_000)).toBeLessThan(120_000)
  })
})

describe('every endpoint', () => {
  const paths = ordinautRoutes.map(({ method, path }) => [method, `/api/v1${path.replaceAll(/:\w+/g, UNUSED_ID)}`] as const)
  const bodies: Readonly<Record<string, object>> = { snooze: { delay_seconds: 5 }, tasks: task(), events: { topic: 'a.b', payload: {} } }
  const bodyOf = (method: string, path: string) =>
    method === 'GET' || method === 'DELETE' ? undefined : (bodies[path.split('/').at(-1) ?? ''] ?? {})
  const isOpen = (path: string) => path.includes('/auth/')
  const closed = paths.filter(([, path]) => !isOpen(path))

  test('requires a key with the scope', async () => {
    for (const [method, path] of closed) {
      for (const key of [null, 'nonsense', `${token}x`]) {
        const { status, body, headers } = await ask(method, path, bodyOf(method, path), key, { accept: 'application/vnd.ordinaut+json' })
        expect([status, typeof body.detail, headers.has('www-authenticate')], `${method} ${path}`).toEqual([401, 'string', true])
      }
      const narrow = await ask(method, path, bodyOf(method, path), narrowKey, { accept: 'application/vnd.ordinaut+json' })
      expect([narrow.status, typeof narrow.body.detail], `${method} ${path}`).toEqual([403, 'string'])
    }
  })

  test('answers unknown ids and ids of another organization alike', async () => {
    const taskId = await createTask({ title: 'Mine' })
    const { run_id } = (await ask('POST', `/api/v1/tasks/${taskId}/run-now`)).body.details
    const named = ordinautRoutes.filter(({ path }) => path.includes(':'))
    expect(named.length).toBeGreaterThanOrEqual(13)
    for (const { method, path } of named) {
      const place = (task: string, run: string) => `/api/v1${path.replace(':task_id', task).replace(':run_id', run)}`
      const own = place(taskId, run_id)
      const [foreign, missing] = [
        await ask(method, own, bodyOf(method, path), otherKey),
        await ask(method, place(UNUSED_ID, UNUSED_ID), bodyOf(method, path)),
      ]
      expect([foreign.status, missing.status, foreign.body.code], `${method} ${path}`).toEqual([404, 404, missing.body.code])
    }
    expect((await ask('GET', '/tasks', undefined, otherKey)).body.total).toBe(0)
    expect((await ask('GET', '/runs', undefined, otherKey)).body.total).toBe(0)
    expect((await ask('GET', `/api/v1/tasks/${taskId}`)).status).toBe(200)
  })

  test('never answers with a server error, whatever is sent', async () => {
    const odd = [
      '',
      '{',
      '[]',
      'null',
      '"x"',
      '{"title":{"$ne":1}}',
      '{"__proto__":{"title":"x"}}',
      `{"title":"${'x'.repeat(5000)}"}`,
      // zod compares the `length` of a value given for a text, and this one cannot be converted to a number.
      ...['agent_id', 'refresh_token', 'title', 'topic'].map((member) => `{"${member}":{"length":{"toString":1,"valueOf":1}}}`),
      '{"title":"a\\u0000b","schedule":"0 7 * * *","pipeline":[]}',
      '{"delay_seconds":1e99}',
      '{"topic":"\\ud800","payload":{}}',
      `{"payload":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      `{"topic":"a.b","payload":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}}`,
      `{"title":"deep","schedule":"0 7 * * *","pipeline":[${'{"id":"a","parallel":['.repeat(5000)}${']}'.repeat(5000)}]}`,
    ]
    const ids = [
      'x',
      '%00',
      '..%2f',
      'run_01jb2m4k6q8r0s2t4v6w8x0y2z',
      'aut_01jb2m4k6q8r0s2t4v6w8x0y2z',
      '"',
      '018F4E1C-0000-7000-8000-000000000000',
      'é'.repeat(100),
    ]
    const queries = [
      'limit=0',
      'limit=x',
      'offset=-1',
      'offset=1e9',
      'status=x',
      'success=maybe',
      'start_time=x',
      'days=0',
      'count=99999',
      'task_id=x',
      'limit=1&limit=2',
      'created_by=%00',
    ]
    for (const { method, path } of ordinautRoutes) {
      const target = `/api/v1${path}`
      const tries: [string, string | undefined][] = path.includes(':')
        ? ids.map((id) => [target.replaceAll(/:\w+/g, encodeURI(id)), method === 'GET' || method === 'DELETE' ? undefined : '{}'])
        : method === 'GET' || method === 'DELETE'
          ? queries.map((query) => [`${target}?${query}`, undefined])
          : odd.map((body) => [target, body])
      for (const [address, body] of tries) {
        const { status, body: said, errors } = await ask(method, address, body)
        expect(status, `${method} ${address} ${body} ${JSON.stringify(said)}`).toBeLessThan(500)
        if (status === 422)
          expect(errors[0], `${method} ${address}`).toMatchObject({
            loc: expect.any(Array),
            msg: expect.any(String),
            type: expect.any(String),
          })
        else if (status >= 400) expect(typeof said.detail, `${method} ${address}`).toBe('string')
      }
    }
  })

  test('refuses an unsupported method and names the supported ones', async () => {
    const { status, headers, body } = await ask('PATCH', `/api/v1/tasks/${UNUSED_ID}`, {})
    expect([status, headers.get('allow'), typeof body.detail]).toEqual([405, 'GET, PUT, DELETE, HEAD', 'string'])
  })

  test('is joined by health, metrics and documentation at the paths of Ordinaut', async () => {
    expect(await ask('GET', '/health', undefined, null)).toMatchObject({
      status: 200,
      body: { status: 'healthy', services: { database: 'healthy', redis: 'disabled', workers: 'healthy' } },
    })
    expect((await ask('GET', '/health/detailed', undefined, null)).body.checks).toMatchObject({ database: 'ok' })
    for (const path of ['/health/ready', '/health/live']) expect((await ask('GET', path, undefined, null)).status).toBe(200)
    for (const path of ['/metrics', '/docs']) expect((await fetch(`${server.url}${path}`)).status).toBe(200)
  })

  test('was called by these tests', () => {
    expect(ordinautRoutes.map(({ method, path }) => `${method} ${path}`).filter((route) => !asked.has(route))).toEqual([])
  })
})
