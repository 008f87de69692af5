import { expect, test } from 'vitest'
import { ToolError } from '../port/tool-port.ts'
import { buildHttpCall } from './build-http-call.ts'

const built = (implementation: Partial<Parameters<typeof buildHttpCall>[0]>, args: Parameters<typeof buildHttpCall>[1]) => {
  const { method, url, headers, body } = buildHttpCall(
    { kind: 'http', method: 'GET', url: 'https://api.example.com/', ...implementation },
    args,
  )
  return { method, url: url.href, headers, body }
}

test('encodes an argument in the URL as one segment or value', () => {
  const url = 'https://api.example.com/users/{name}/mail?box={box}'
  expect(built({ url }, { name: 'a/b?c=d#e', box: 'in&out=1' }).url).toBe(
    'https://api.example.com/users/a%2Fb%3Fc%3Dd%23e/mail?box=in%26out%3D1',
  )
  expect(built({ url }, { name: '@evil.example', box: 'ä' }).url).toBe('https://api.example.com/users/%40evil.example/mail?box=%C3%A4')
  expect(built({ url }, { name: '%2e%2e', box: '%' }).url).toContain('/users/%252e%252e/mail')
  for (const name of ['..', '.', '']) expect(() => built({ url }, { name, box: 'x' })).toThrow(ToolError)
  expect(() => built({ url }, { name: 'x' })).toThrow(/is missing/)
})

test('puts arguments without a placeholder into the query of a GET and the body of a POST', () => {
  const url = 'https://api.example.com/regions/{region}'
  expect(built({ url }, { region: 'north', days: 3, tags: ['a', 'b'], deep: { x: 1 } }).url).toBe(
    'https://api.example.com/regions/north?days=3&tags=a&tags=b&deep=%7B%22x%22%3A1%7D',
  )
  expect(built({ url, method: 'POST' }, { region: 'north', days: 3 })).toEqual({
    method: 'POST',
    url: 'https://api.example.com/regions/north',
    headers: { 'content-type': 'application/json' },
    body: '{"days":3}',
  })
  expect(built({ method: 'POST', encoding: 'form' }, { a: 'x y', b: [1, 2] }).body).toBe('a=x+y&b=1&b=2')
})

test('keeps the type of an argument that fills a whole string, and drops members with a missing argument', () => {
  const implementation = {
    method: 'POST',
    headers: { 'X-Trace': 'id-{trace}', 'x-lang': '{lang}' },
    query: { limit: '{limit}', page: 1, q: 'is:{state}' },
    body: { ticket: { subject: '{title}', tags: '{labels}', text: 'From {who}: {title}', open: true } },
  } as const
  expect(built(implementation, { title: 'Fire', labels: ['a', 1], limit: 5, trace: 7 })).toEqual({
    method: 'POST',
    url: 'https://api.example.com/?limit=5&page=1',
    headers: { 'content-type': 'application/json', 'x-trace': 'id-7' },
    body: '{"ticket":{"subject":"Fire","tags":["a",1],"open":true}}',
  })
  expect(JSON.parse(built(implementation, { title: '{who}', who: 'Eve' }).body ?? '')).toMatchObject({
    ticket: { text: 'From Eve: {who}' },
  })
})

test('does not take inherited properties of objects for arguments', () => {
  expect(() => built({ url: 'https://api.example.com/{constructor}' }, {})).toThrow(/is missing/)
  expect(built({ method: 'POST', body: { a: '{toString}' } }, {}).body).toBe('{}')
})
