import { expect, it } from 'vitest'
import { deliveryName, readHeaders, readPayload } from './read-payload.ts'

const given = (body: string | Uint8Array, headers: Record<string, string> = {}) => ({
  body: typeof body === 'string' ? Buffer.from(body) : body,
  header: (name: string) => headers[name] ?? null,
})

it('parses JSON if the content type is JSON or missing, and returns text otherwise', () => {
  expect(readPayload(given('{"a":[1]}', { 'content-type': 'application/json; charset=utf-8' }))).toEqual({ a: [1] })
  expect(readPayload(given('{"a":1}', { 'content-type': 'application/cloudevents+json' }))).toEqual({ a: 1 })
  expect(readPayload(given('null'))).toBe(null)
  expect(readPayload(given('{"a":1}', { 'content-type': 'text/plain' }))).toBe('{"a":1}')
  expect(readPayload(given('a=1&b=2', { 'content-type': 'application/x-www-form-urlencoded' }))).toBe('a=1&b=2')
  expect(readPayload(given('{"a":', { 'content-type': 'application/json' }))).toBe('{"a":')
  expect(readPayload(given(''))).toBe('')
})

it('replaces invalid UTF-8, and returns JSON that is nested too deep as text', () => {
  expect(readPayload(given(new Uint8Array([0x61, 0xff, 0x62])))).toBe('a\ufffdb')
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  expect(readPayload(given(deep))).toBe(deep)
  expect(readPayload(given('{"__proto__":{"polluted":true}}'))).toEqual(JSON.parse('{"__proto__":{"polluted":true}}'))
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

it('returns a few headers without credentials, and cuts long ones', () => {
  const headers = {
    authorization: 'Bearer x',
    cookie: 'y',
    'x-hub-signature-256': 'z',
    'x-github-event': 'push',
    'user-agent': 'u'.repeat(5000),
  }
  expect(readHeaders(given('', headers))).toEqual({ 'x-github-event': 'push', 'user-agent': 'u'.repeat(1000) })
})

it('takes the id of a delivery from the first header that has one', () => {
  expect(deliveryName(given(''))).toBe(null)
  expect(deliveryName(given('', { 'idempotency-key': 'k', 'x-github-delivery': 'g' }))).toBe('x-github-delivery:g')
  expect(deliveryName(given('', { 'webhook-id': 'w', 'x-github-delivery': 'g' }))).toBe('webhook-id:w')
})
