import { expect, test } from 'vitest'
import { createEchoServer, echoGet, echoMake, KEY } from '../testing/echo-backend.fixture.ts'

const json = { 'content-type': 'application/json' }
const large = JSON.stringify({ echoId: '7', words: ['a'.repeat(2000)] })

/** One operation accepts more than the 1024 bytes that the others do. */
const withLarge = () => createEchoServer([echoGet, { ...echoMake, http: { ...echoMake.http, maxBodyBytes: 4096 } }])

test.each([
  ['a malformed name', '/trpc/echoes.get%c0%af', json],
  ['a text body', '/trpc/echoes.make', { 'content-type': 'text/plain' }],
])('answers %s, which tRPC itself refuses, with a problem in JSON', async (_, path, headers) => {
  const response = await createEchoServer().fetch(path, { method: 'POST', body: '{}', headers })
  expect(response.headers.get('content-type')).toBe('application/json')
  const { error } = (await response.json()) as { error: { data: { problem: object } } }
  expect(error.data.problem).toMatchObject({ status: response.status, type: expect.stringMatching(/^\/docs\/problems\//) })
})

test('reads a body over the default limit only from a caller with a valid key', async () => {
  const ask = (headers: Record<string, string>) =>
    withLarge().fetch('/trpc/echoes.make', { method: 'POST', body: large, headers: { ...json, ...headers } })
  expect((await ask({ 'content-length': String(large.length), authorization: '' })).status).toBe(413)
  expect((await ask({ 'content-length': String(large.length), authorization: 'Bearer another' })).status).toBe(401)
  expect((await ask({ 'content-length': String(large.length) })).status).toBe(200)
  // Sent in chunks, without a Content-Length.
  expect((await ask({ authorization: '' })).status).toBe(413)
  expect((await ask({ authorization: `Bearer ${KEY}` })).status).toBe(200)
})

test('reads a body over the default limit only for the operations that accept one', async () => {
  const ask = async (path: string) =>
    (await withLarge().fetch(path, { method: 'POST', body: large, headers: { ...json, 'content-length': String(large.length) } })).status
  expect(await ask('/trpc/echoes.get')).toBe(413)
  expect(await ask('/trpc/nothing.here')).toBe(413)
  expect(await ask('/trpc/echoes.get,echoes.make?batch=1')).not.toBe(413)
})

test('hides the cause of an internal error', async () => {
  const response = await createEchoServer().fetch('/trpc/echoes.get', { method: 'POST', body: '{"echoId":"broken"}', headers: json })
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('hunter2')
})
