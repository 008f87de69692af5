import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'
import type { ServerEnv } from './http/request-info.ts'
import { createEchoServer, KEY } from './testing/echo-backend.fixture.ts'

function stoppingApp() {
  return createApp({
    backend: createEchoServer().backend,
    events: async () => new Response('an event stream'),
    receiveWebhook: async () => ({ firingId: null }),
    health: { stage: () => 'stopping', checks: {}, metrics: 'key' },
    people: new Hono<ServerEnv>(),
    mailbox: new Hono<ServerEnv>(),
    hosts: { allowedHosts: [], publicUrl: undefined, corsOrigins: [], trustedProxies: [] },
    answers: true,
  })
}

test.for([
  ['GET', '/api/v1/echoes/1'],
  ['POST', '/api/v1/echoes/1'],
  ['GET', '/api/v1/events/stream'],
  ['GET', '/trpc/echoes.get'],
  ['POST', '/mcp'],
  ['GET', '/docs'],
])('answers %s %s with 503 and closes the connection while the server stops', async ([method = '', path = '']) => {
  const answer = await stoppingApp().request(`http://localhost${path}`, { method, headers: { authorization: `Bearer ${KEY}` } })
  expect([answer.status, answer.headers.get('connection'), answer.headers.get('retry-after')]).toEqual([503, 'close', '1'])
  expect(await answer.json()).toMatchObject({ code: 'unavailable', instance: path })
})

test('still serves health and metrics while the server stops', async () => {
  const ask = (path: string) => stoppingApp().request(`http://localhost${path}`, { headers: { authorization: `Bearer ${KEY}` } })
  const health = await ask('/health')
  expect([health.status, await health.json(), health.headers.get('connection')]).toEqual([503, { status: 'stopping' }, 'close'])
  expect((await ask('/health/detailed')).status).toBe(503)
  expect((await ask('/metrics')).status).toBe(200)
})

test.for([
  ['DELETE', '/health', 'GET, HEAD'],
  ['POST', '/metrics', 'GET, HEAD'],
  ['PUT', '/hooks/abc', 'POST'],
  ['HEAD', '/hooks/abc', 'POST'],
  ['POST', '/api/v1/events/stream', 'GET, HEAD'],
  ['POST', '/docs/problems/not_found', 'GET, HEAD'],
  ['PATCH', '/api/v1/tasks/7', 'GET, PUT, DELETE, HEAD'],
  ['OPTIONS', '/api/v1/echoes/7', 'GET, POST, HEAD'],
  ['GET', '/nowhere', null],
])('answers %s %s with 405 and Allow %s, or with 404 if the path has no method at all', async ([method, path, allow]) => {
  const answer = await createEchoServer().fetch(path as string, { method: method as string })
  expect([answer.status, answer.headers.get('allow')]).toEqual([allow === null ? 404 : 405, allow])
  if (method !== 'HEAD') expect(await answer.json()).toMatchObject({ code: allow === null ? 'not_found' : 'method_not_allowed' })
})
