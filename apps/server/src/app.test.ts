import { expect, test } from 'vitest'
import { createApp } from './app.ts'
import { createEchoServer, KEY } from './testing/echo-backend.fixture.ts'

function stoppingApp() {
  return createApp({
    backend: createEchoServer().backend,
    events: async () => new Response('an event stream'),
    receiveWebhook: async () => ({ firingId: null }),
    health: { accepting: () => false, checks: {}, metrics: 'key' },
    hosts: { allowedHosts: [], publicUrl: undefined, corsOrigins: [] },
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
])('while it stops, %s %s is refused and the connection closed', async ([method = '', path = '']) => {
  const answer = await stoppingApp().request(`http://localhost${path}`, { method, headers: { authorization: `Bearer ${KEY}` } })
  expect([answer.status, answer.headers.get('connection'), answer.headers.get('retry-after')]).toEqual([503, 'close', '1'])
  expect(await answer.json()).toMatchObject({ code: 'unavailable', instance: path })
})

test('while it stops, health and figures are still told', async () => {
  const ask = (path: string) => stoppingApp().request(`http://localhost${path}`, { headers: { authorization: `Bearer ${KEY}` } })
  const health = await ask('/health')
  expect([health.status, await health.json(), health.headers.get('connection')]).toEqual([503, { status: 'stopping' }, 'close'])
  expect((await ask('/health/detailed')).status).toBe(503)
  expect((await ask('/metrics')).status).toBe(200)
})
