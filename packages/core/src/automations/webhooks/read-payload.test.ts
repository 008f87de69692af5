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
  expect(readPayload(given('{"a":', { 'content-type': 'application/json' }))).toBe('{"a":')
  expect(readPayload(given(''))).toBe('')
})

it('parses forms, and the JSON that GitHub and Slack put into the field payload of one', () => {
  const form = (body: string, more = '') => readPayload(given(body, { 'content-type': `application/x-www-form-urlencoded${more}` }))
  expect(form('a=1&b=x+y%20z&a=2&empty=', '; charset=utf-8')).toEqual({ a: ['1', '2'], b: 'x y z', empty: '' })
  expect(form('')).toEqual({})
  const push = { ref: 'refs/heads/main', commits: [{ id: 'a+b & c' }] }
  expect(form(`payload=${encodeURIComponent(JSON.stringify(push))}`)).toEqual(push)
  for (const payload of ['5', '"text"', '{"a":']) expect(form(`payload=${encodeURIComponent(payload)}`)).toEqual({ payload })
  expect(form('payload=%7B%7D&more=1')).toEqual({ payload: '{}', more: '1' })
  expect(form('payload=%7B%7D&payload=%7B%7D')).toEqual({ payload: ['{}', '{}'] })
  expect(Object.keys(form('__proto__=x') as object)).toEqual(['__proto__'])
  expect(form('%ff=%zz')).toEqual({ '\ufffd': '%zz' })
})

it('keeps the digits of large numbers as text', () => {
  expect(readPayload(given('{"id":9007199254740993,"n":1}'))).toEqual({ id: '9007199254740993', n: 1 })
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
  expect(deliveryName(given('', { 'webhook-id': 'w', 'svix-id': 's', 'x-github-delivery': 'g' }))).toBe('webhook-id:w')
  expect(deliveryName(given('', { 'svix-id': 's', 'x-github-delivery': 'g' }))).toBe('svix-id:s')
})
