import { expect, test } from 'vitest'
import { createEchoServer } from '../testing/echo-backend.fixture.ts'

const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

test('refuses a message over the size limit with a problem, before reading it', async () => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: { long: 'a'.repeat(2000) } } })
  for (const more of [{ 'content-length': String(body.length) }, {}] as Record<string, string>[]) {
    const response = await createEchoServer().fetch('/mcp', { method: 'POST', body, headers: { ...headers, ...more } })
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ status: 413, code: 'payload_too_large' })
  }
})
