import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { PROJECT, startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

let database: TestDatabase
let server: TestServer

beforeAll(async () => {
  database = await createTestDatabase()
  server = await startTestServer(database.url, ['--project', PROJECT])
})
afterAll(async () => {
  await server?.stop()
  await database?.drop()
})

interface Firing {
  readonly id: string
  readonly runId: string
}
const outcomeOf = async (automation: string) => {
  const { items } = await server.json<{ items: Firing[] }>(`/api/v1/automations/${automation}/firings`)
  const runs = items.map(({ runId }) => server.json(`/api/v1/runs/${runId}/result?timeout=20s`))
  return (await Promise.all(runs)).map(({ output }) => output)
}

async function automate(name: string, trigger: object) {
  const workflow = { name: 'greet', input: { name: '${event.data.who}' } }
  await server.post('/api/v1/automations', { name, triggers: [trigger], workflow, overlap: 'allow_all' })
}

test('starts a run for a signed delivery without a key, and answers invalid signatures and addresses alike', async () => {
  await automate('hook', { type: 'webhook', signature: 'github', filter: 'event.headers."x-github-event" == \'push\'' })
  const made = await server.post<{ url: string; signingSecret: string }>('/api/v1/automations/hook/rotate-webhook', {})
  expect(made.url).toMatch(new RegExp(`^${server.url}/hooks/orr_hook_[\\w-]{51}$`))
  const body = JSON.stringify({ who: 'Zoë' })
  const signature = `sha256=${createHmac('sha256', made.signingSecret).update(body).digest('hex')}`
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': 'one',
    'x-hub-signature-256': signature,
  }
  const answer = await fetch(made.url, { method: 'POST', body, headers })
  const receipt = await answer.json()
  expect([answer.status, receipt]).toEqual([202, { firingId: expect.stringMatching(/^fir_/) }])
  const again = await fetch(made.url, { method: 'POST', body, headers })
  expect(await again.json()).toEqual(receipt)
  expect(await outcomeOf('hook')).toEqual([{ greeting: 'Hello, Zoë!' }])

  const unsigned = await fetch(made.url, { method: 'POST', body })
  const unknown = await fetch(`${server.url}/hooks/orr_hook_${'A'.repeat(43)}`, { method: 'POST', body })
  const word = await fetch(`${server.url}/hooks/x`, { method: 'POST', body })
  const shown = await Promise.all(
    [unsigned, unknown, word].map(async (one) => {
      const { instance: _, requestId: __, ...rest } = (await one.json()) as Record<string, unknown>
      return [one.status, rest]
    }),
  )
  expect(new Set(shown.map((one) => JSON.stringify(one))).size).toBe(1)
  expect(shown[0]).toMatchObject([404, { code: 'not_found', detail: 'There is nothing at this address.' }])
  for (const secret of [made.url.split('/').at(-1) ?? '', made.signingSecret]) expect(server.log()).not.toContain(secret)
})

test('accepts a body of any type up to the size limit', async () => {
  await automate('texts', { type: 'webhook' })
  const { url } = await server.post<{ url: string }>('/api/v1/automations/texts/rotate-webhook', {})
  const send = (body: string | Uint8Array<ArrayBuffer>, type: string) =>
    fetch(url, { method: 'POST', body, headers: { 'content-type': type } })
  const statuses = [
    await send('{"who":"JSON"}', 'application/vnd.x+json'),
    await send('a=1', 'application/x-www-form-urlencoded'),
    await send(new Uint8Array([0, 255, 254]), 'application/octet-stream'),
    await send('x'.repeat(2_000_000), 'text/plain'),
  ].map(({ status }) => status)
  expect(statuses).toEqual([202, 202, 202, 413])
  // A GET gets the same answer whether the address exists or not.
  expect((await Promise.all([url, `${server.url}/hooks/none`].map((each) => fetch(each)))).map(({ status }) => status)).toEqual([405, 405])
})

test('fires for an event emitted over HTTP, and refuses reserved topics', async () => {
  await automate('on-order', { type: 'event', topic: 'order.*' })
  const emitted = await server.fetch('/api/v1/events', {
    method: 'POST',
    body: JSON.stringify({ topic: 'order.paid', payload: { who: 'Ada' }, source: 'shop' }),
    headers: { 'content-type': 'application/json' },
  })
  expect([emitted.status, await emitted.json()]).toMatchObject([202, { type: 'order.paid', subject: 'shop' }])
  await expect.poll(() => outcomeOf('on-order'), { timeout: 15_000 }).toEqual([{ greeting: 'Hello, Ada!' }])
  const { items } = await server.json<{ items: unknown[] }>('/api/v1/events?type=order.paid')
  expect(items).toMatchObject([{ subject: 'shop', data: { who: 'Ada' } }])
  for (const topic of ['run.failed', 'Run.x', 'key', 'a..b', 'a b', '', 'x'.repeat(129)])
    expect(await server.post('/api/v1/events', { topic }), topic).toMatchObject({ status: 400, code: 'invalid_input' })
  expect(await server.post('/api/v1/events', { topic: 'big', payload: 'x'.repeat(70_000) })).toMatchObject({ code: 'payload_too_large' })
})
